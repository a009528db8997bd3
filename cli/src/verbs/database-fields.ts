/** What a backup of a database says of itself besides what every backup says. */
import { groupDigits } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { printable } from "../output/printable.ts";

export interface RowCounts {
  inserted: number;
  updated: number;
  deleted: number;
}

/** Rows inserted, updated and deleted since the backup before, by path of the table; null when that is not known. */
export function rowChangesOf(fields: Readonly<Record<string, string>>): Record<string, RowCounts> | null {
  const text = fields["pg.changes"];
  if (text === undefined) return null;
  try {
    const counts = Object.entries(JSON.parse(text) as Record<string, [number, number, number]>);
    return Object.fromEntries(
      counts.map(([path, [inserted, updated, deleted]]) => [path, { inserted, updated, deleted }]),
    );
  } catch {
    return null;
  }
}

/** The moment of the snapshot, and by path the seconds that reading took, of the tables that took longest. */
export function databaseRecord(fields: Readonly<Record<string, string>>): Record<string, unknown> {
  const { "pg.lsn": lsn, "pg.snapshot-time": snapshotTime, "pg.seconds": seconds } = fields;
  if (lsn === undefined) return {};
  return { lsn, snapshotTime, tableSeconds: parsed(seconds) };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
}

/** Tables that are named with their seconds: those that took longest, where that is worth a word. */
const MOST_SLOW = 5;
const SLOW_SECONDS = 0.5;

function slowest(text: string | undefined): string {
  return Object.entries(parsed(text) as Record<string, number>)
    .filter(([, seconds]) => seconds >= SLOW_SECONDS)
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_SLOW)
    .map(([path, seconds]) => `${printable(path)} ${formatDuration(seconds)}`)
    .join(", ");
}

/** Tables that are listed; more are only counted. */
const MOST_TABLES = 20;

/** Rows of a table of what is known. */
export function describeDatabase(fields: Readonly<Record<string, string>>): string[][] {
  const rows: string[][] = [];
  if (fields["pg.lsn"] !== undefined)
    rows.push(["log position", `${fields["pg.lsn"]}  (${fields["pg.snapshot-time"] ?? ""})`]);
  const slow = slowest(fields["pg.seconds"]);
  if (slow !== "") rows.push(["reading took", `${slow}  (all sessions together)`]);
  const changes = Object.entries(rowChangesOf(fields) ?? {});
  for (const [path, { inserted, updated, deleted }] of changes.slice(0, MOST_TABLES)) {
    const counts = `${groupDigits(inserted)} inserted, ${groupDigits(updated)} updated, ${groupDigits(deleted)} deleted`;
    rows.push(["rows", `${printable(path)}: ${counts}`]);
  }
  if (changes.length > MOST_TABLES) rows.push(["rows", `and ${changes.length - MOST_TABLES} tables more`]);
  return rows;
}
