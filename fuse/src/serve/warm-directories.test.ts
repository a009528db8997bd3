import { nodeCache } from "@datadb/client";
import { decodeMeta, ListBuilder, type Meta, readList } from "@datadb/protocol";
import { afterAll, expect, it } from "vitest";
import { createBlobCache } from "../content/blob-cache.ts";
import { DEFAULTS, fakeStore } from "../testing/fake-store.ts";
import { fetchWarmDirectories } from "./warm-directories.ts";

const store = fakeStore();
const { connection } = store;
const cache = createBlobCache(connection, "sha256", 4 << 20);
afterAll(() => cache.close());
const nodes = nodeCache(connection, "sha256");
const surroundings = { fetch: nodes.fetch, hash: "sha256" as const, cache, mostAhead: 1 << 20 };

function large(name: string): Meta {
  const builder = new ListBuilder("sha256", (_, node) => void store.put("node", node));
  for (let i = 0; i < 3; i++)
    builder.add({ name: store.put("data", Buffer.from(`${name} ${i}`)), length: 9 });
  const { ref, bytes } = builder.finish();
  return { ...DEFAULTS, name: Buffer.from(name), type: "file", ...ref, size: bytes };
}

async function directory(name: string, metas: readonly Meta[]): Promise<Meta> {
  const [root] = await surroundings.fetch([Buffer.from(store.root(metas), "hex")]);
  return { ...decodeMeta(root!), name: Buffer.from(name) };
}

it("has the root and what is directly below it, with the lists of large files", async () => {
  const deep = await directory("deep", [{ ...DEFAULTS, name: Buffer.from("leaf"), type: "file" }]);
  const files = [large("movie"), { ...DEFAULTS, name: Buffer.from("note"), type: "file" as const }];
  const middle = await directory("middle", [...files, deep]);
  const root = await directory("root", [middle, large("image")]);
  const warm = await fetchWarmDirectories(connection, root, surroundings);
  const namesIn = (meta: Meta): string[] | undefined =>
    warm.metasOf(meta.directory!)?.map((one) => decodeMeta(one).name.toString());
  expect(namesIn(root)).toEqual(["image", "middle"]);
  expect(namesIn(middle)).toEqual(["deep", "movie", "note"]);
  expect(namesIn(deep)).toBeUndefined();

  // From now on nothing more comes of these nodes: what is read below is here already.
  for (const meta of [large("movie"), large("image")]) {
    store.hang(meta.list!);
    const { value } = await readList(nodes.fetch, "sha256", meta, meta.size, { first: 1 }).next();
    expect(value).toMatchObject({ offset: 0, length: 9 });
  }
  store.hang(null);
});

it("leaves out what is damaged: whoever asks for it is told", async () => {
  const sound = await directory("sound", [large("file")]);
  const gone: Meta = { ...sound, name: Buffer.from("gone"), directory: Buffer.alloc(32, 7) };
  const root = await directory("root", [sound, gone]);
  const warm = await fetchWarmDirectories(connection, root, surroundings);
  expect(warm.metasOf(sound.directory!)).toHaveLength(1);
  expect(warm.metasOf(gone.directory!)).toBeUndefined();
});
