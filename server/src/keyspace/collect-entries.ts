/** All entries of some pages in one array. */
import type { Entry, RangeOptions } from "../database.ts";

export async function collectEntries(pages: AsyncIterable<readonly Entry[]>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const page of pages) for (const entry of page) entries.push(entry);
  return entries;
}

/** Whether a key is within the bounds of a range. */
export function inRange(key: Buffer, { from, to }: RangeOptions): boolean {
  return (from === undefined || from.compare(key) <= 0) && (to === undefined || key.compare(to) < 0);
}
