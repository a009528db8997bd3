/** What each backup added to the store, as a table for people and as records. */
import type { Backup } from "@datadb/client";
import { alignColumns } from "../output/align-columns.ts";
import { formatSize } from "../output/format-size.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";

const SIZE_COLUMNS = [4, 5, 6];

/** A count of bytes among the backup's fields; undefined where it was not known. */
function bytesIn({ fields }: Backup, field: string): number | undefined {
  const value = fields[field];
  return value === undefined || !/^\d+$/.test(value) ? undefined : Number(value);
}

const shown = (bytes: number | undefined): string => (bytes === undefined ? "-" : formatSize(bytes));

/** Lines, the first one with the headings; none for no backups. NEW is content that the store lacked, STORED what it takes encoded. */
export function growthTable(backups: readonly Backup[], heading: (text: string) => string): string[] {
  if (backups.length === 0) return [];
  const rows = backups.map((backup) => [
    backup.id.slice(0, 8),
    formatTime(new Date(backup.time)),
    printable(backup.host),
    printable(backup.name),
    formatSize(backup.size),
    shown(bytesIn(backup, "added")),
    shown(bytesIn(backup, "stored")),
  ]);
  const headings = ["ID", "TIME", "HOST", "NAME", "SIZE", "NEW", "STORED"].map(heading);
  return alignColumns([headings, ...rows], SIZE_COLUMNS);
}

/** The same for programs: bytes, null where not known. */
export function growthRecord(backup: Backup): Record<string, unknown> {
  const { id, snapshot, name, host, time, size } = backup;
  const [added, stored] = [bytesIn(backup, "added") ?? null, bytesIn(backup, "stored") ?? null];
  return { type: "growth", backup: id, snapshot, name, host, time, size, new: added, stored };
}
