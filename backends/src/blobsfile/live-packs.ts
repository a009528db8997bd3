/** What is live in packs that are rewritten one after the other, where it could not be noted for all packs at once. */
import type { LiveRecords } from "./live-records.ts";
import { countRecords, emptyUse, LIVE_PACK_BYTES, type PackUse } from "./pack-use.ts";
import type { Shelf } from "./shelf.ts";

/** Records that one pass over the index reads in the time of one look-up in it. */
const READ_PER_LOOKUP = 4;

/** Records in it, dead ones included: about as large as those that are live. */
function scannedRecords({ records, size, unused }: PackUse): number {
  return (records * size) / Math.max(1, size - unused);
}

/**
 * What to ask, in order, for each of the packs. Null: to look each record up costs less. `records`: how many the index has; it is read again where the packs
 * that come next hold enough of them.
 */
export function livePacks(
  shelf: Shelf,
  order: readonly PackUse[],
  records: number,
  signal?: AbortSignal,
): (use: PackUse) => Promise<LiveRecords | null> {
  let known = new Map<number, ReturnType<typeof emptyUse>>();
  return async (use) => {
    if (use.live !== null) return use.live;
    const found = known.get(use.number);
    if (found !== undefined) return found.live;
    const next: PackUse[] = [];
    let [bytes, scanned] = [0, 0];
    for (const pack of order.slice(order.indexOf(use))) {
      bytes += pack.size;
      if (bytes > LIVE_PACK_BYTES) break;
      next.push(pack);
      scanned += scannedRecords(pack);
    }
    if (scanned * READ_PER_LOOKUP < records) return null;
    known = new Map(next.map(({ number, size }) => [number, emptyUse(size, true)]));
    await countRecords(shelf, known, signal);
    return known.get(use.number)?.live ?? null;
  };
}
