/** How much of a pack to ask for at a time: requests against bytes. */
import type { RecordKind } from "@datadb/protocol";

/** Bytes of a pack: `from` included, `to` excluded. */
export interface Extent {
  readonly from: number;
  readonly to: number;
}

/** A request counts as much as so many bytes. */
const REQUEST_BYTES: number = 32 * 1024;

/** Packs up to this size may be fetched whole. Copies of those of nodes are kept. */
const WHOLE_BYTES: Record<RecordKind, number> = {
  node: 32 * 1024 * 1024,
  log: 32 * 1024 * 1024,
  data: 512 * 1024,
};

/** Packs up to this size are: more than one request for them would cost more. */
const SMALL_BYTES: Record<RecordKind, number> = { node: 192 * 1024, log: 192 * 1024, data: 48 * 1024 };

/** What is read begins and ends at multiples of this: what lies together is mostly wanted together. */
const ALIGNED_BYTES: Record<RecordKind, number> = { node: 64 * 1024, log: 64 * 1024, data: 16 * 1024 };

/**
 * What to ask for when `wanted` is missing, and nothing of `hole` is there. `spent`: what was read of this pack before, by readingCost. Who
 * comes again and again for a part is given all of it as soon as that has cost as much: so nobody pays more than twice.
 */
export function readingExtent(
  kind: RecordKind,
  size: number,
  spent: number,
  wanted: Extent,
  hole: Extent,
): Extent {
  const all = { from: 0, to: size };
  if (size <= SMALL_BYTES[kind]) return all;
  const step = ALIGNED_BYTES[kind];
  const from = Math.max(hole.from, Math.floor(wanted.from / step) * step);
  const to = Math.min(hole.to, Math.ceil(wanted.to / step) * step);
  if (size <= WHOLE_BYTES[kind] && spent + readingCost({ from, to }) >= size) return all;
  return { from, to };
}

export function readingCost({ from, to }: Extent): number {
  return REQUEST_BYTES + to - from;
}
