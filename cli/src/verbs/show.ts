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
import { readSelection } from "./read-selection.ts";

export const show: Verb = {
  name: "show",
  summary: "Show what is known about a backup",
  usage: "SELECTOR",
  description: [
    "Prints where the backup comes from, its size, metadata and tags, and what could not be read.",
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
      const { backup } = await readSelection(connection, context.arguments.operands[0]!);
      for (const line of alignColumns(describe(backup))) context.output.line(line);
      context.output.record({ ...backupRecord(backup), unreadable: backup.unreadable });
      context.output.record({ type: "summary", backups: 1 });
      return EXIT.done;
    }),
};
