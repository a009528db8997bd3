/** How much of each pack belongs to records. */
import { PACK_HEADER_BYTES, recordSize } from "@datadb/protocol";
import { decodeLocation, recordKeyRange } from "./location.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { Shelf } from "./shelf.ts";

/** One pack. Bytes. */
export interface PackUse {
  readonly number: number;
  readonly size: number;
  /** Records that the index has in it. */
  readonly records: number;
  /** What no record needs. */
  readonly unused: number;
  /** No record can come to it any more, and the index has all of them. */
  readonly settled: boolean;
}

/** Packs with records that are not in the index yet, and the one that takes the next. */
function busyPacks({ current, dirty, pending, moving }: Shelf): Set<number | undefined> {
  const busy = new Set([current?.number, ...[...dirty].map(({ number }) => number)]);
  for (const { pack } of pending.values()) busy.add(pack?.number);
  for (const { pack } of moving.values()) busy.add(pack?.number);
  return busy;
}

/**
 * The use of every pack that is there, by number, ascending; of the one that is appended to, as far as it is indexed. Reads the
 * whole index, and keeps two numbers for each pack.
 */
export async function packUses(shelf: Shelf, signal?: AbortSignal): Promise<PackUse[]> {
  const { place, current } = shelf;
  const numbers = [...shelf.packs].sort((a, b) => a - b);
  const limit = current?.indexed ?? 0;
  // As of now: what is settled before the index is read stays so.
  const busy = busyPacks(shelf);
  const used = new Map<number, { bytes: number; records: number }>();
  for (const number of numbers) used.set(number, { bytes: 0, records: 0 });
  for await (const [, value] of place.index.entries(...recordKeyRange(shelf.kind))) {
    const location = decodeLocation(value);
    const use = used.get(location.pack);
    if (use === undefined) continue;
    if (use.records % 4096 === 0) signal?.throwIfAborted();
    use.bytes += recordSize(location, place.nameLength);
    use.records += 1;
  }
  const uses: PackUse[] = [];
  for (const number of numbers) {
    const { bytes, records } = used.get(number)!;
    const size =
      number === current?.number ? limit : ((await place.fs.stat(packPath(shelf, number)))?.size ?? 0);
    const unused = Math.max(0, size - PACK_HEADER_BYTES - bytes);
    uses.push({ number, size, records, unused, settled: !busy.has(number) });
  }
  return uses;
}
