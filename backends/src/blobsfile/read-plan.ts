/** Which ranges of which packs to read for a set of records. */
import type { Location } from "./location.ts";

/** What one read may cover, in bytes. */
export interface ReadLimits {
  /** Reading over a gap is cheaper than a second read while the gap is below it. */
  gap: number;
  /** Bounds the memory of one read; a record may be larger and is then a range of its own. */
  range: number;
}

const DISK_LIMITS: ReadLimits = { gap: 64 * 1024, range: 4 * 1024 * 1024 };

/** One record to read, and where its result goes. */
export interface Wanted {
  index: number;
  location: Location;
  /** Size of the whole record in the pack. */
  size: number;
}

/** One read: the records of `items` lie within [from, to) of the pack, ascending. */
export interface ReadRange {
  pack: number;
  from: number;
  to: number;
  items: Wanted[];
}

/** Coalesced reads that cover `wanted`, by pack and offset; the input is sorted in place. */
export function planReads(wanted: Wanted[], limits: ReadLimits = DISK_LIMITS): ReadRange[] {
  wanted.sort((a, b) => a.location.pack - b.location.pack || a.location.offset - b.location.offset);
  const ranges: ReadRange[] = [];
  let last: ReadRange | undefined;
  for (const item of wanted) {
    const { pack, offset } = item.location;
    const end = offset + item.size;
    const fits = last?.pack === pack && offset - last.to < limits.gap && end - last.from <= limits.range;
    if (last !== undefined && (fits || (last.pack === pack && end <= last.to))) {
      last.items.push(item);
      last.to = Math.max(last.to, end);
    } else {
      last = { pack, from: offset, to: end, items: [item] };
      ranges.push(last);
    }
  }
  return ranges;
}
