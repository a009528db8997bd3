import {
  type BlobRecord,
  decodeChain,
  hashOf,
  ListBuilder,
  type ListEntry,
  MAX_CHAIN_DEPTH,
} from "@datadb/protocol";
import { expect, test } from "vitest";
import { streamBases } from "../ingest/stream-bases.ts";
import { encodeNodes } from "./encode-nodes.ts";

const HASH = "sha256";

function entries(version: number): ListEntry[] {
  return Array.from({ length: 5000 }, (_, i) => {
    const edited = i % 50 === 7 && version > 0 ? ` edited ${version}` : "";
    return { name: hashOf(HASH, Buffer.from(`chunk ${i}${edited}`)), length: 1000 };
  });
}

/** Nodes as a store keeps them, and what a day adds. */
function store() {
  const records = new Map<string, BlobRecord>();
  const chain = (name: Buffer): BlobRecord[] => {
    const record = records.get(name.toString("hex"))!;
    return record.base ? [...chain(record.base), record] : [record];
  };
  const content = (name: Buffer): Buffer => decodeChain(HASH, chain(name));
  return {
    chain,
    content,
    async put(version: number, previous: Buffer | undefined): Promise<{ list: Buffer; added: BlobRecord[] }> {
      const fetch = async (names: Buffer[]) => names.map((name) => content(name));
      const base = previous && (await streamBases(fetch, HASH, { list: previous }, 5_000_000));
      const raw: BlobRecord[] = [];
      const builder = new ListBuilder(HASH, (name, payload) => {
        const hint = base?.node(name, payload) ?? null;
        raw.push({ kind: "node", name, encoding: "raw", base: hint, length: payload.length, payload });
      });
      for (const entry of entries(version)) builder.add(entry);
      const { ref } = builder.finish();
      const missing = raw.filter(({ name }) => !records.has(name.toString("hex")));
      const added = await encodeNodes(missing, HASH, async (_, names) => names.map(chain));
      for (const record of added) records.set(record.name.toString("hex"), record);
      return { list: ref.list!, added };
    },
  };
}

const bytes = (records: readonly BlobRecord[]): number =>
  records.reduce((sum, { payload }) => sum + payload.length, 0);

test("nodes of a changed list are encoded against those of the previous one, at every level", async () => {
  const nodes = store();
  const first = await nodes.put(0, undefined);
  const second = await nodes.put(1, first.list);
  expect(second.added.length).toBeGreaterThan(50);
  const deltas = second.added.filter(({ encoding }) => encoding === "zstd-delta");
  expect(deltas.length).toBeGreaterThan(second.added.length * 0.8);
  expect(deltas.some(({ name }) => nodes.content(name)[0] === 2)).toBe(true);
  const whole = await store().put(1, undefined);
  const names = new Set(second.added.map(({ name }) => name.toString("hex")));
  expect(bytes(second.added)).toBeLessThan(
    bytes(whole.added.filter(({ name }) => names.has(name.toString("hex")))) / 2,
  );
  for (const { name } of second.added) expect(hashOf(HASH, nodes.content(name))).toEqual(name);
});

test("chains stay short over many versions", async () => {
  const nodes = store();
  let list: Buffer | undefined;
  let deepest = 0;
  for (let version = 1; version < MAX_CHAIN_DEPTH * 2 + 4; version++) {
    const day = await nodes.put(version, list);
    list = day.list;
    for (const { name } of day.added) deepest = Math.max(deepest, nodes.chain(name).length - 1);
  }
  expect(deepest).toBeLessThan(MAX_CHAIN_DEPTH / 2);
  expect(deepest).toBeGreaterThan(1);
});

test("a base that cannot be read makes a whole node", async () => {
  const payload = Buffer.alloc(1000, "x");
  const record: BlobRecord = {
    kind: "node",
    name: hashOf(HASH, payload),
    encoding: "raw",
    base: Buffer.alloc(32, 1),
    length: 1000,
    payload,
  };
  const [encoded] = await encodeNodes([record], HASH, async () => [new Error("gone")]);
  expect(encoded).toMatchObject({ base: null, encoding: "zstd" });
});
