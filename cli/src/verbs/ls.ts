/** datadb ls: lists backups, or the entries of a directory in a backup. */
import type { Backup, Connection } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { formatCount } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { backupRecord } from "./backup-record.ts";

export const ls: Verb = {
  name: "ls",
  summary: "List backups, or the entries of a directory in a backup",
  usage: "[SELECTOR[:PATH]]",
  description: [
    "Without SELECTOR: all backups, newest first. With NAME or HOST/NAME: those of that name. With @TIME or an id: that " +
      "one. With a colon: the entries of PATH in it; nothing after the colon means its root.",
  ],
  options: [
    { name: "tag", value: "TAG", help: "only backups with this tag", repeatable: true, completes: "nothing" },
    { name: "host", value: "HOST", help: "only backups of this host", completes: "nothing" },
    { name: "limit", value: "N", help: "at most this many", completes: "nothing" },
    { name: "names", help: "only the names, for completion", hidden: true },
  ],
  operands: { least: 0, most: 1, completes: "backup" },
  stopsWithReader: true,
  examples: [
    { line: "datadb ls", does: "All backups" },
    { line: "datadb ls documents", does: "The backups of one name" },
    { line: "datadb ls documents@2026-11-19:letters", does: "A directory as it was at the end of that day" },
    { line: "datadb ls --json | jq -r 'select(.type == \"backup\") | .id'", does: "The ids, for a script" },
  ],
  exits: { [EXIT.notFound]: "no such backup or path" },
  run: (context) => withConnection(context, { job: "ls" }, (connection) => list(context, connection)),
};

async function list(context: VerbContext, connection: Connection): Promise<number> {
  const selector = context.arguments.operands[0];
  if (selector?.includes(":")) {
    const { listEntries } = await import("./list-entries.ts");
    const listed = await listEntries(context, connection, selector);
    if (listed) return EXIT.done;
  }
  return listBackupsOf(context, connection, selector);
}

async function listBackupsOf({ arguments: args, output }: VerbContext, connection: Connection, selector: string | undefined): Promise<number> {
  const backups = await chooseBackups(connection, selector, {
    host: args.text("host"),
    tags: args.list("tag"),
    limit: args.number("limit", 1, Number.MAX_SAFE_INTEGER),
  });
  if (args.flag("names")) {
    for (const name of new Set(backups.map((backup) => backup.name))) output.line(encodeName(name));
    return EXIT.done;
  }
  for (const backup of backups) output.record(backupRecord(backup));
  output.record({ type: "summary", backups: backups.length });
  if (backups.length === 0) output.note("no backups");
  for (const line of backupTable(backups, (text) => output.style("bold", text))) output.line(line);
  return EXIT.done;
}
