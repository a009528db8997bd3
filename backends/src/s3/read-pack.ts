/** Bytes of a pack: from where they are nearest. */
import { getObject } from "./get-object.ts";
import { keyOf, type Shelf } from "./shelf.ts";

/** Packs up to this size are fetched whole: those who read one node read its neighbours next; of data only short ones. */
const WHOLE_BYTES = { node: 32 * 1024 * 1024, log: 32 * 1024 * 1024, data: 512 * 1024 };

/** Ranges of data begin and end at multiples of this: chunks that lie together are mostly wanted together. */
const ALIGNED_BYTES = 16 * 1024;

/** Reads from memory or the local copies; null when the bucket has to be asked. */
export async function readNearby(
  shelf: Shelf,
  pack: string,
  from: number,
  to: number,
): Promise<Buffer | null> {
  const { recent, cache } = shelf.place;
  return recent.get(pack, from, to) ?? cache.read(pack, from, to);
}

/** What is nearby of a pack is not what it should be. */
export async function forgetNearby({ place }: Shelf, packs: readonly string[]): Promise<void> {
  place.recent.drop(packs);
  await place.cache.drop(packs);
}

/** Asks the bucket. Rejects with those of getObject. */
export async function readRemote(
  shelf: Shelf,
  pack: { number: number; name: string },
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const { place, kind, packs } = shelf;
  const key = keyOf(place, pack.name);
  const size = packs.get(pack.number)?.size ?? Number.MAX_SAFE_INTEGER;
  if (size > WHOLE_BYTES[kind]) {
    const start = Math.floor(from / ALIGNED_BYTES) * ALIGNED_BYTES;
    const range = { from: start, to: Math.min(size, Math.ceil(to / ALIGNED_BYTES) * ALIGNED_BYTES) };
    const { bytes } = await getObject(place.connection, key, range, signal);
    place.recent.add(pack.name, start, bytes);
    return bytes.subarray(from - start, to - start);
  }
  // Several ranges of one pack are asked for at the same time.
  let fetching = place.fetching.get(pack.name);
  if (fetching === undefined) {
    fetching = getObject(place.connection, key).then(({ bytes }) => {
      place.recent.add(pack.name, 0, bytes);
      if (kind !== "data") place.cache.keep(pack.name, bytes);
      return bytes;
    });
    place.fetching.set(pack.name, fetching);
    fetching.finally(() => place.fetching.delete(pack.name)).catch(() => {});
  }
  return (await fetching).subarray(from, to);
}
