/** What of the packs is here, and the rest brought here in few requests. */
import type { DistantReads } from "../distant-reads.ts";
import { readRemote } from "./read-pack.ts";
import { ObjectMissing } from "./service-error.ts";
import type { Pack, Shelf } from "./shelf.ts";

/** Brings a range into memory with at most one request; resolves with the bytes that were asked for. Rejects with those of getObject. */
async function bring(
  shelf: Shelf,
  pack: Pack,
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<number> {
  const { place } = shelf;
  if (place.cache.has(pack.name) || place.recent.get(pack.name, from, to) !== undefined) return 0;
  await readRemote(shelf, pack, from, to, signal);
  return to - from;
}

/** Over the shelf of data; `enter` is awaited before anything is read. */
export function distantReads(
  shelf: Shelf,
  nodes: Shelf,
  enter: (signal?: AbortSignal) => Promise<void>,
): DistantReads {
  const packs = new Map<string, Pack>();
  const packOf = (name: string): Pack | undefined => {
    const known = packs.get(name);
    if (known !== undefined && shelf.packs.get(known.number) === known) return known;
    packs.clear();
    for (const pack of shelf.packs.values()) packs.set(pack.name, pack);
    return packs.get(name);
  };
  return {
    expectNodes() {
      // As if parts of them had cost as much already; once, in case they have no room here.
      for (const { name, size } of nodes.packs.values()) nodes.place.spent.set(name, size);
    },
    // What is on its way into the bucket is in memory.
    near: (name) => packOf(name) === undefined || shelf.place.cache.has(name),
    async bring(name, from, to, signal) {
      await enter(signal);
      const pack = packOf(name);
      if (pack === undefined) return 0;
      try {
        return await bring(shelf, pack, from, to, signal);
      } catch (error) {
        if (error instanceof ObjectMissing) return to - from;
        throw error;
      }
    },
  };
}
