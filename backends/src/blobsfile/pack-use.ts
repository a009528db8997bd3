/** How much of each pack belongs to records, and to which. */
import { PACK_HEADER_BYTES, recordSize } from "@datadb/protocol";
import { BYTES_PER_BYTE, createLiveRecords, type LiveRecords } from "./live-records.ts";
import { decodeLocation, isDistrusted, recordKeyRange } from "./location.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { Shelf } from "./shelf.ts";

/** Bytes of packs whose live records are noted at a time: 16 MiB of memory. */
export const LIVE_PACK_BYTES: number = 16 * 1024 * 1024 * BYTES_PER_BYTE;

/** One pack. Bytes. */
export interface PackUse {
  readonly number: number;
  readonly size: number;
  /** Records that the index has in it. */
  readonly records: number;
  /** What no record needs. */
  readonly unused: number;
  /** The index has all of its records. */
  readonly whole: boolean;
  /** So it is, and no record can come to it any more. */
  readonly settled: boolean;
  /** The index distrusts one of its records. */
  readonly distrusted: boolean;
  /** Where its records begin; null when there was no memory for that. */
  readonly live: LiveRecords | null;
}

/** What is counted of a pack. */
interface Counted {
  bytes: number;
  records: number;
  distrusted: boolean;
  live: LiveRecords | null;
}

/** Of a pack of so many bytes before anything is counted; `live`: whether it is noted where records begin. */
export function emptyUse(size: number, live: boolean): Counted {
  return { bytes: 0, records: 0, distrusted: false, live: live ? createLiveRecords(size) : null };
}

/** Packs with records that are not in the index yet. */
function busyPacks({ dirty, pending, moving }: Shelf): Set<number | undefined> {
  const busy = new Set<number | undefined>([...dirty].map(({ number }) => number));
  for (const { pack } of pending.values()) busy.add(pack?.number);
  for (const { pack } of moving.values()) busy.add(pack?.number);
  return busy;
}

/** Adds what the index has in these packs, by number; reads all of it. */
export async function countRecords(
  shelf: Shelf,
  used: ReadonlyMap<number, Counted>,
  signal?: AbortSignal,
): Promise<void> {
  const { index, nameLength } = shelf.place;
  for await (const page of index.values(...recordKeyRange(shelf.kind))) {
    signal?.throwIfAborted();
    for (const value of page) {
      const location = decodeLocation(value);
      const use = used.get(location.pack);
      if (use === undefined) continue;
      use.bytes += recordSize(location, nameLength);
      use.records += 1;
      use.distrusted ||= isDistrusted(value);
      use.live?.add(location.offset);
    }
  }
}

/**
 * The use of every pack that is there, by number, ascending; of the one that is appended to, as far as it is indexed. Reads the
 * whole index, and keeps a few numbers for each pack, beside a bit for 32 bytes of it while the packs are not too large for that.
 */
export async function packUses(shelf: Shelf, signal?: AbortSignal): Promise<PackUse[]> {
  const { place } = shelf;
  const current = shelf.current?.number;
  const limit = shelf.current?.indexed ?? 0;
  // As of now: what is settled before the index is read stays so.
  const busy = busyPacks(shelf);
  const sizes = new Map<number, number>();
  for (const number of [...shelf.packs].sort((a, b) => a - b)) {
    const found = number === current ? limit : (await place.fs.stat(packPath(shelf, number)))?.size;
    sizes.set(number, found ?? 0);
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const used = new Map<number, Counted>();
  for (const [number, size] of sizes) used.set(number, emptyUse(size, total <= LIVE_PACK_BYTES));
  await countRecords(shelf, used, signal);
  return [...sizes].map(([number, size]): PackUse => {
    const { bytes, records, distrusted, live } = used.get(number)!;
    const unused = Math.max(0, size - PACK_HEADER_BYTES - bytes);
    const whole = !busy.has(number);
    return {
      ...{ number, size, records, unused, whole, distrusted, live },
      settled: whole && number !== current,
    };
  });
}
