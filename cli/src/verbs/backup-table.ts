/** Backups as a table for people. */
import type { Backup } from "@datadb/client";
import { alignColumns } from "../output/align-columns.ts";
import { groupDigits } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";

const SIZE_COLUMNS = [4, 5];

/** Lines, the first one with the headings; none for no backups. */
export function backupTable(backups: readonly Backup[], heading: (text: string) => string): string[] {
  if (backups.length === 0) return [];
  const rows = backups.map(({ id, time, host, name, size, entries, complete, lost, tags }) => [
    id.slice(0, 8),
    formatTime(new Date(time)),
    printable(host),
    printable(name),
    formatSize(size),
    groupDigits(entries),
    [
      ...(complete ? [] : ["incomplete"]),
      ...(lost.length > 0 ? ["damaged"] : []),
      ...tags.map(printable),
    ].join(", "),
  ]);
  const headings = ["ID", "TIME", "HOST", "NAME", "SIZE", "ENTRIES", "TAGS"].map(heading);
  return alignColumns([headings, ...rows], SIZE_COLUMNS);
}
