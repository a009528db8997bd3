/** Bytes of a pack: from where they are nearest, and each of them once, however many ask at the same time. */
import { getObject } from "./get-object.ts";
import { type Extent, readingCost, readingExtent } from "./reading-extent.ts";
import { keyOf, type Shelf } from "./shelf.ts";

/** A part of a pack that is here or on its way. */
export interface Part extends Extent {
  readonly bytes: Promise<Buffer>;
}

/** A pack as the index knows it. */
interface KnownPack {
  readonly number: number;
  readonly name: string;
}

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

/** Asks the bucket for what is neither in memory nor on its way. Rejects with those of getObject. */
export async function readRemote(
  shelf: Shelf,
  pack: KnownPack,
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const { place, packs } = shelf;
  const size = packs.get(pack.number)?.size ?? to;
  const { head, tail, missing, hole } = gapIn(partsOf(place, pack.name), { from, to }, size);
  const fetched = missing === null ? undefined : fetchPart(shelf, pack.name, size, missing, hole, signal);
  const parts = [head, fetched, tail].filter((part) => part !== undefined);
  try {
    return await joined(parts, from, to);
  } catch (error) {
    if ((head === undefined && tail === undefined) || signal?.aborted) throw error;
    // What somebody else began he may have given up.
    const all = { from: 0, to: size };
    return await joined([fetchPart(shelf, pack.name, size, { from, to }, all, signal)], from, to);
  }
}

function partsOf({ recent, fetching }: Shelf["place"], name: string): Part[] {
  return [...recent.parts(name), ...(fetching.get(name) ?? [])];
}

/** What there is of the beginning of an extent and of its end, what is missing between them, and how far around that nothing is there. */
function gapIn(parts: readonly Part[], { from, to }: Extent, size: number) {
  let head: Part | undefined;
  let tail: Part | undefined;
  for (const part of parts) {
    if (part.from <= from && part.to > (head?.to ?? from)) head = part;
    if (part.to >= to && part.from < (tail?.from ?? to)) tail = part;
  }
  const missing = { from: head?.to ?? from, to: tail?.from ?? to };
  if (missing.from >= to) return { head, missing: null, hole: missing };
  if (missing.from >= missing.to) return { head, tail, missing: null, hole: missing };
  const before = parts.map((part) => part.to).filter((end) => end <= missing.from);
  const after = parts.map((part) => part.from).filter((start) => start >= missing.to);
  return { head, tail, missing, hole: { from: Math.max(0, ...before), to: Math.min(size, ...after) } };
}

/** One part that has all of it is not copied. */
async function joined(parts: readonly Part[], from: number, to: number): Promise<Buffer> {
  const [first] = parts;
  if (parts.length === 1) return (await first!.bytes).subarray(from - first!.from, to - first!.from);
  const target = Buffer.allocUnsafeSlow(to - from);
  for (const part of parts) {
    const bytes = await part.bytes;
    const begin = Math.max(part.from, from);
    bytes.copy(target, begin - from, begin - part.from, to - part.from);
  }
  return target;
}

/** Begins a request for at least what is wanted. */
function fetchPart(
  { place, kind }: Shelf,
  name: string,
  size: number,
  wanted: Extent,
  hole: Extent,
  signal?: AbortSignal,
): Part {
  const spent = place.spent.get(name) ?? 0;
  const extent = readingExtent(kind, size, spent, wanted, hole);
  const whole = extent.from === 0 && extent.to === size;
  place.spent.set(name, whole ? 0 : spent + readingCost(extent));
  const range = whole ? undefined : extent;
  const bytes = getObject(place.connection, keyOf(place, name), range, signal).then((reply) => {
    place.recent.add(name, extent.from, reply.bytes, reply.size);
    if (whole && kind !== "data") place.cache.keep(name, reply.bytes);
    return reply.bytes;
  });
  const part: Part = { ...extent, bytes };
  const under = place.fetching.get(name) ?? new Set();
  place.fetching.set(name, under.add(part));
  const end = (): void => {
    under.delete(part);
    if (under.size === 0 && place.fetching.get(name) === under) place.fetching.delete(name);
  };
  bytes.then(end, end);
  return part;
}
