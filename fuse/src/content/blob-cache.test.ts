import { nodeCache } from "@datadb/client";
import { ListBuilder, type Meta } from "@datadb/protocol";
import { afterEach, expect, it } from "vitest";
import { DEFAULTS } from "../testing/fake-store.ts";
import { type PlacedStore, placedStore } from "../testing/placed-store.ts";
import { type BlobCache, createBlobCache } from "./blob-cache.ts";
import { openFile } from "./open-file.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
let state = seed;
const random = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (state >>> 8) % below;
};

/** Half of it compresses. */
function content(length: number): Buffer {
  const bytes = Buffer.alloc(length, random(256));
  for (let at = 0; at < length / 2; at++) bytes[at] = random(256);
  return bytes;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function world(limit: number): { store: PlacedStore; cache: BlobCache } {
  const store = placedStore();
  const cache = createBlobCache(store.connection, "sha256", limit);
  closing.push(store.close, cache.close);
  return { store, cache };
}

async function take(cache: BlobCache, name: Buffer, length: number): Promise<Buffer> {
  const held = cache.hold({ name, length });
  try {
    return Buffer.from(await held.content);
  } finally {
    held.release();
  }
}

it(`reads chunks where they lie, and asks the store for what is not there (seed ${seed})`, async () => {
  const { store, cache } = world(8 << 20);
  const contents = Array.from({ length: 30 }, () => content(1 + random(200_000)));
  const names = contents.map(store.put);
  // A head, a compressed payload or a checksum; what the checksum alone says does not matter here.
  store.damage(names[3]!, 4 + 2 + random(Math.min(1000, contents[3]!.length)));
  store.mistake(names[7]!, names[8]!);
  cache.want(contents.map(({ length }, i) => ({ name: names[i]!, length })));
  const found = await Promise.all(contents.map(({ length }, i) => take(cache, names[i]!, length)));
  found.forEach((one, i) => void expect(one.equals(contents[i]!), `chunk ${i}`).toBe(true));
  // Each batch is small or asked for once; of those in places only the two that are not there come from the store.
  const bad = [names[3]!, names[7]!].map((name) => name.toString("hex"));
  expect(store.places).toEqual(expect.arrayContaining(bad));
  const placed = new Set(store.places);
  expect(store.records.filter((name) => placed.has(name)).sort()).toEqual(bad.sort());
});

it("says what is wrong with a chunk that is damaged everywhere, and with no other", async () => {
  const { store, cache } = world(8 << 20);
  const names = [300_000, 300_000, 300_000].map((length) => store.put(content(length)));
  const lost = Buffer.alloc(32, 9);
  const all = [names[0]!, lost, names[1]!, names[2]!];
  cache.want(all.map((name) => ({ name, length: name === lost ? 100_000 : 300_000 })));
  await expect(take(cache, lost, 100_000)).rejects.toThrow(lost.toString("hex"));
  for (const name of names) expect((await take(cache, name, 300_000)).length).toBe(300_000);
  await expect(take(cache, names[0]!, 299_999)).rejects.toThrow("300000 bytes where 299999 belong");
});

it("does not decode the same again and again for readers side by side, although little is kept", async () => {
  const limit = 20 << 20;
  const { store, cache } = world(limit);
  const files = [0, 1, 2, 3].map(() => {
    const builder = new ListBuilder("sha256", (_, node) => void store.putNode(node));
    return { builder, parts: Array.from({ length: 100 }, () => content(60_000 + random(100_000))) };
  });
  const nodes = nodeCache(store.connection, "sha256");
  const metas = files.map(({ builder, parts }): Meta => {
    for (const part of parts) builder.add({ name: store.put(part), length: part.length });
    const { ref, bytes } = builder.finish();
    return { ...DEFAULTS, name: Buffer.from("f"), type: "file", ...ref, size: bytes };
  });
  let most = 0;
  const reader = async (index: number): Promise<void> => {
    const surroundings = { fetch: nodes.fetch, hash: "sha256" as const, cache, mostAhead: limit };
    const file = openFile(surroundings, metas[index]!);
    const whole = Buffer.concat(files[index]!.parts);
    for (let at = 0; at < whole.length; at += 131_072) {
      const part = await file.read(at, 131_072, Buffer.concat);
      expect(part.equals(whole.subarray(at, at + 131_072))).toBe(true);
      most = Math.max(most, cache.bytes);
    }
  };
  await Promise.all([0, 1, 2, 3].map(reader));
  const asked = [...store.places, ...store.records];
  expect(new Set(asked).size).toBe(400);
  // A reader who has fallen far behind finds chunks gone that it had begun to read: with busy threads half of them, as was seen.
  expect(asked.length).toBeLessThan(1000);
  // What is on its way may lie beyond the limit.
  expect(most).toBeLessThan(limit + (8 << 20));
});
