import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeChain } from "./decode-chain.ts";
import { encodeOnChain } from "./encode-on-chain.ts";
import { decodeBlob } from "./encoding.ts";
import { DecodeError } from "./errors.ts";
import { hashOf } from "./hash.ts";
import type { BlobRecord } from "./kinds.ts";
import { MAX_CHAIN_DEPTH } from "./limits.ts";
import { SEED } from "./seed.ts";

const nameOf = (content: Buffer) => hashOf("sha256", content);

/** Bytes that do not compress, the same for the same number. */
function noise(seed: number, bytes: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i * 32 < bytes; i++) parts.push(nameOf(Buffer.from(`${seed}:${i}`)));
  return Buffer.concat(parts).subarray(0, bytes);
}

/** Versions of one blob as a store keeps them, each put with the one before as the hint. */
function lineage() {
  const records = new Map<string, BlobRecord>();
  const chainOf = (name: Buffer): BlobRecord[] => {
    const record = records.get(name.toString("hex"))!;
    return record.base === null ? [record] : [...chainOf(record.base), record];
  };
  let last: Buffer | undefined;
  return {
    records,
    chainOf,
    put(content: Buffer): BlobRecord {
      const name = nameOf(content);
      const record = encodeOnChain("sha256", "data", name, content, last ? chainOf(last) : []);
      if (!records.has(name.toString("hex"))) records.set(name.toString("hex"), record);
      last = name;
      return record;
    },
    content(name: Buffer): Buffer {
      let content: Buffer | undefined;
      for (const record of chainOf(name)) content = decodeBlob("sha256", record, content);
      return content!;
    },
  };
}

/** A version with 40 new bytes at a place of its own. */
const edited = (content: Buffer, version: number): Buffer => {
  const at = (version * 7919 * 64) % (content.length - 64);
  return Buffer.concat([content.subarray(0, at), noise(version, 40), content.subarray(at + 40)]);
};

describe(`chains of bases, DATADB_TEST_SEED=${SEED}`, () => {
  test("versions with changes of one size are kept as skip-deltas: short chains, few bytes", () => {
    const store = lineage();
    let content = noise(0, 40_000);
    let deepest = 0;
    let bytes = 0;
    store.put(content);
    for (let version = 1; version <= 64; version++) {
      content = edited(content, version);
      const record = store.put(content);
      expect(record.encoding).toBe("zstd-delta");
      deepest = Math.max(deepest, store.chainOf(record.name).length - 1);
      bytes += record.payload.length;
    }
    expect(deepest).toBeLessThanOrEqual(8);
    // 64 deltas of about 60 bytes each, a changed byte stored about log2(64) / 2 + 1 times.
    expect(bytes).toBeLessThan(64 * 60 * 6);
    for (const { name } of store.records.values()) expect(nameOf(store.content(name))).toEqual(name);
  });

  test("any edits over many versions: every version comes back, chains stay within the bound", () => {
    const edit = fc.record({
      at: fc.nat(),
      cut: fc.nat({ max: 3000 }),
      put: fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 4000 })),
    });
    fc.assert(
      fc.property(fc.nat({ max: 9000 }), fc.array(edit, { minLength: 1, maxLength: 40 }), (size, edits) => {
        const store = lineage();
        let content = noise(size, size);
        store.put(content);
        for (const [version, { at, cut, put }] of edits.entries()) {
          const place = at % (content.length + 1);
          content = Buffer.concat([
            content.subarray(0, place),
            noise(version, put),
            content.subarray(place + cut),
          ]);
          store.put(content);
        }
        for (const { name } of store.records.values()) {
          expect(store.chainOf(name).length - 1).toBeLessThanOrEqual(MAX_CHAIN_DEPTH);
          expect(nameOf(store.content(name))).toEqual(name);
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  test("of a chain that is damaged the first record to blame is named, a member that lies included", () => {
    const store = lineage();
    let content = noise(0, 40_000);
    for (let version = 0; version < 3; version++) {
      content = edited(content, version);
      store.put(content);
    }
    const chain = store.chainOf(nameOf(content));
    expect(chain.length).toBeGreaterThan(1);
    const other = noise(7, 40_000);
    const first = chain[0]!;
    const lying = [{ ...first, payload: other }, ...chain.slice(1)];
    expect(() => decodeChain("sha256", lying)).toThrow(first.name.toString("hex"));
    const short = [...chain.slice(0, -1), { ...chain.at(-1)!, payload: Buffer.alloc(20) }];
    expect(() => decodeChain("sha256", short)).toThrow(nameOf(content).toString("hex"));
    expect(() => decodeChain("sha256", [])).toThrow(DecodeError);
  });

  test("a change as large as the content begins a new chain", () => {
    const store = lineage();
    store.put(noise(1, 5000));
    expect(store.put(noise(2, 5000))).toMatchObject({ base: null, encoding: "raw" });
  });

  test("a chain that does not decode is not used", () => {
    const first = noise(1, 5000);
    const record: BlobRecord = {
      kind: "data",
      name: nameOf(first),
      encoding: "raw",
      base: null,
      length: 5000,
      payload: noise(2, 5000),
    };
    const next = edited(first, 1);
    expect(encodeOnChain("sha256", "data", nameOf(next), next, [record])).toMatchObject({ base: null });
  });

  test("the deepest allowed chain is not made longer", () => {
    const chain: BlobRecord[] = [];
    let content = noise(0, 20_000);
    for (let depth = 0; depth <= MAX_CHAIN_DEPTH; depth++) {
      const before = chain.at(-1);
      // Large deltas below small ones: sizes alone would let every one of them stand.
      const next = Buffer.concat([noise(depth + 100, 40 * (MAX_CHAIN_DEPTH - depth) + 40), content]);
      const made = encodeOnChain("sha256", "data", nameOf(next), next, before ? [...chain] : []);
      chain.push(made);
      content = next;
    }
    const next = Buffer.concat([noise(999, 8), content]);
    const made = encodeOnChain("sha256", "data", nameOf(next), next, chain);
    const depth = chain.findIndex(({ name }) => made.base?.equals(name)) + 1;
    expect(depth).toBeGreaterThan(0);
    expect(depth).toBeLessThanOrEqual(MAX_CHAIN_DEPTH);
  });
});
