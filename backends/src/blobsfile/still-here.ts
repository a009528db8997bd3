/** What of a pack the index needs at this very moment, and what of that leaves the pack already. */
import { isChanging } from "./change-entries.ts";
import type { IndexedShelf } from "./indexed-shelf.ts";
import { decodeLocation, isDistrusted, recordKeys } from "./location.ts";

/** A record in a pack. */
export interface Placed {
  readonly name: Buffer;
  readonly offset: number;
}

/** Those of the records that the index has in their places just now; null when it distrusts one of them: that stays where it is. */
export function stillHere<R extends Placed>(
  shelf: IndexedShelf,
  records: readonly R[],
  packOf: (record: R) => number,
): R[] | null {
  if (records.length === 0) return [];
  const names = records.map(({ name }) => name);
  const values = shelf.place.index.getMany(recordKeys(shelf.kind, names));
  const here = records.map((record, at) => {
    const value = values[at];
    if (value === undefined) return false;
    const { pack, offset } = decodeLocation(value);
    return pack === packOf(record) && offset === record.offset;
  });
  if (here.some((one, at) => one && isDistrusted(values[at]!))) return null;
  return records.filter((_, at) => here[at]);
}

/**
 * Parts records that the index has in their places. Nothing may be awaited before what is `staying` is queued to be copied, so that a removal or
 * a replacement meets it there. What is `leaving`, for another place or for good, is waited for: it may come to nothing.
 */
export function partLeaving<R extends Placed>(
  shelf: IndexedShelf,
  here: readonly R[],
): { staying: R[]; leaving: R[] } {
  const isLeaving = ({ name }: R): boolean => shelf.moving.has(name) || isChanging(shelf, name);
  const gone = here.filter(isLeaving);
  return { staying: gone.length === 0 ? [...here] : here.filter((one) => !isLeaving(one)), leaving: gone };
}
