/** datadb show: everything that a backup says about itself. */
import type { Backup } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { groupDigits } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatSize } from "../output/format-size.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb } from "../verb.ts";
import { backupRecord } from "./backup-record.ts";
import { databaseRecord, describeDatabase, rowChangesOf } from "./database-fields.ts";
import { readBackup } from "./read-selection.ts";

export const show: Verb = {
  name: "show",
  summary: "Show what is known about a backup",
  usage: "SELECTOR",
  description: [
    "Prints where the backup comes from, its size, metadata and tags, what could not be read, and what was lost since.",
    "Of a database also the moment that it shows, the tables that took long to read, and how many rows were inserted, updated and deleted since the backup before.",
  ],
  options: [],
  operands: { least: 1, most: 1, completes: "backup" },
  stopsWithReader: true,
  examples: [
    { line: "datadb show documents", does: "The newest backup of a name" },
    { line: "datadb show 3f9a1c20", does: "A backup by the beginning of its id" },
  ],
  exits: { [EXIT.notFound]: "no such backup" },
  run: (context) =>
    withConnection(context, { job: "show" }, async (connection) => {
      const backup = await readBackup(connection, context.arguments.operands[0]!);
      for (const line of alignColumns(describe(backup))) context.output.line(line);
      const { unreadable, unreadableCount } = backup;
      const rows = rowChangesOf(backup.fields);
      context.output.record({
        ...backupRecord(backup),
        ref: backup.ref,
        unreadable,
        unreadableCount,
        ...databaseRecord(backup.fields),
        ...(rows === null ? {} : { rows }),
      });
      context.output.record({ type: "summary", backups: 1 });
      return EXIT.done;
    }),
};

function describe(backup: Backup): string[][] {
  const { id, snapshot, name, host, path, time, source, type, size, entries, meta, tags, fields } = backup;
  const rows = [
    ["id", id],
    ["snapshot", snapshot],
    ["name", printable(name)],
    ["host", printable(host)],
    ["path", printable(path)],
    ["time", `${formatTime(new Date(time))}  (${time})`],
    ["source", `${printable(source)} (${type})`],
    ["size", `${formatSize(size)}  (${groupDigits(size)} bytes)`],
    ["entries", groupDigits(entries) + countsOf(fields)],
  ];
  const stored = fields["stored"];
  if (stored !== undefined) rows.push(["stored", `${formatSize(Number(stored))} were new`]);
  if (fields["seconds"] !== undefined) rows.push(["took", formatDuration(Number(fields["seconds"]))]);
  rows.push(...describeDatabase(fields));
  rows.push(["ref", backup.ref]);
  for (const [key, value] of Object.entries(meta)) {
    rows.push([
      `meta ${printable(key)}`,
      printable(typeof value === "string" ? value : JSON.stringify(value)),
    ]);
  }
  if (tags.length > 0) rows.push(["tags", tags.map(printable).join(", ")]);
  if (!backup.complete)
    rows.push(["complete", `no: ${groupDigits(backup.unreadableCount)} could not be read`]);
  for (const path of backup.unreadable) rows.push(["unreadable", printable(path)]);
  for (const path of backup.lost) rows.push(["lost", printable(path)]);
  return rows;
}

function countsOf(fields: Readonly<Record<string, string>>): string {
  const counts = ["new", "changed", "unchanged"].filter((field) => fields[field] !== undefined);
  if (counts.length === 0) return "";
  return `  (${counts.map((field) => `${groupDigits(Number(fields[field]))} ${field}`).join(", ")})`;
}
