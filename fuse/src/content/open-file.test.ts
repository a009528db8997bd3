import { nodeCache } from "@datadb/client";
import { ListBuilder, type Meta } from "@datadb/protocol";
import { afterAll, expect, it } from "vitest";
import { DEFAULTS, fakeStore } from "../testing/fake-store.ts";
import { createBlobCache } from "./blob-cache.ts";
import { openFile } from "./open-file.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
let state = seed;
const random = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return state % below;
};
const store = fakeStore();
const { connection } = store;
const cache = createBlobCache(connection, "sha256", 4 << 20);
afterAll(() => cache.close());
const surroundings = {
  fetch: nodeCache(connection, "sha256").fetch,
  hash: "sha256" as const,
  cache,
  mostAhead: 1 << 20,
};

/** A stream of chunks and holes, and what it is. */
function stream(chunks: number): { meta: Meta; content: Buffer; names: Buffer[] } {
  const builder = new ListBuilder("sha256", (_, node) => void store.put("node", node));
  const parts: Buffer[] = [];
  const names: Buffer[] = [];
  for (let i = 0; i < chunks; i++) {
    const length = 1 + random(60_000);
    const hole = random(5) === 0;
    const part = hole ? Buffer.alloc(length) : Buffer.from(Array.from({ length }, () => random(256)));
    const name = hole ? null : store.put("data", part);
    if (name !== null) names.push(name);
    builder.add({ name, length });
    parts.push(part);
  }
  const { ref, bytes } = builder.finish();
  return {
    meta: { ...DEFAULTS, name: Buffer.from("f"), type: "file", ...ref, size: bytes },
    content: Buffer.concat(parts),
    names,
  };
}

it(`reads any part, by several readers at once (seed ${seed})`, async () => {
  const { meta, content } = stream(150);
  const reader = async (): Promise<void> => {
    const file = openFile(surroundings, meta);
    for (let i = 0; i < 60; i++) {
      const offset = random(content.length + 1000);
      const size = 1 + random(200_000);
      const found = await file.read(offset, size, Buffer.concat);
      expect(found.equals(content.subarray(offset, offset + size)), `${size} bytes at ${offset}`).toBe(true);
    }
    const parts: Buffer[] = [];
    for (let at = 0; at < content.length; at += 131_072)
      parts.push(await file.read(at, 131_072, Buffer.concat));
    expect(Buffer.concat(parts).equals(content)).toBe(true);
  };
  await Promise.all([reader(), reader(), reader(), reader()]);
  expect(cache.bytes).toBeLessThan(12 << 20);
});

it("finds data and holes", async () => {
  const { meta, content } = stream(40);
  const file = openFile(surroundings, meta);
  const hole = (await file.seek(0, true))!;
  expect(content.subarray(hole, hole + 1)[0] ?? 0).toBe(0);
  expect(await file.seek(content.length, false)).toBe(null);
  expect(await file.seek(content.length, true)).toBe(content.length);
});

it("fails for what is missing, and for nothing else", async () => {
  const { meta, content, names } = stream(60);
  const missing = names[30]!;
  const lacking = {
    ...connection,
    local: {
      ...connection.local!,
      getRecords: async (kind: "data" | "node" | "log", all: readonly Buffer[]) =>
        (await connection.local!.getRecords(kind, all)).map((record, i) =>
          all[i]!.equals(missing) ? null : record,
        ),
    },
  };
  const own = createBlobCache(lacking, "sha256", 4 << 20);
  const file = openFile({ ...surroundings, cache: own }, meta);
  let failed = 0;
  for (let at = 0; at < content.length; at += 1000) {
    const part = await file.read(at, 1000, Buffer.concat).catch(() => null);
    if (part === null) failed++;
    else expect(part.equals(content.subarray(at, at + 1000))).toBe(true);
  }
  expect(failed).toBeGreaterThan(0);
  expect(failed).toBeLessThan(70);
  await own.close();
});
