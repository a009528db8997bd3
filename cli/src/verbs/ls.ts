/** datadb ls: lists backups, or the entries of a directory in a backup. */
import type { Backup, Connection } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { backupRecord } from "./backup-record.ts";
import { backupTable } from "./backup-table.ts";
import { printDirectory } from "./print-directory.ts";

export const ls: Verb = {
  name: "ls",
  summary: "List backups, or the entries of a directory in a backup",
  usage: "[OPTION]... [SELECTOR[:PATH]]",
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
  const { arguments: args, output } = context;
  const text = args.operands[0];
  const { encodeName, parseSelector } = await import("@datadb/client");
  const selector = text === undefined ? undefined : parseSelector(text);
  if (selector?.path !== undefined) return printDirectory(context, connection, selector);
  const backups = await chooseBackups(context, connection);
  if (args.flag("names")) {
    for (const name of new Set(backups.map((backup) => backup.name))) output.line(encodeName(name));
    return EXIT.done;
  }
  for (const backup of backups) output.record(backupRecord(backup));
  output.record({ type: "summary", backups: backups.length });
  if (backups.length === 0) {
    const filtered = args.list("tag").length > 0 || args.text("host") !== undefined;
    output.note(
      filtered
        ? "no backup has that tag or host; datadb ls lists all"
        : "there is no backup yet; make one: datadb snapshot DIRECTORY",
    );
  }
  for (const line of backupTable(backups, (heading) => output.style("bold", heading))) output.line(line);
  return EXIT.done;
}

/** All backups of a name, of all its series; an id, a time and `latest` mean one backup. */
async function chooseBackups({ arguments: args }: VerbContext, connection: Connection): Promise<Backup[]> {
  const { listBackups, parseSelector, resolveSelector } = await import("@datadb/client");
  const [host, limit] = [args.text("host"), args.number("limit", 1, Number.MAX_SAFE_INTEGER)];
  const filter = { tags: args.list("tag"), ...(host ? { host } : {}), ...(limit ? { limit } : {}) };
  const text = args.operands[0];
  if (text === undefined) return listBackups(connection, filter);
  const selector = parseSelector(text);
  const { subject, time } = selector;
  if (subject.kind === "name" && time === undefined) {
    const named = { name: subject.name, ...(subject.host ? { host: subject.host } : {}) };
    const backups = await listBackups(connection, { ...filter, ...named });
    if (backups.length > 0) return backups;
  }
  return [await resolveSelector(connection, selector)];
}
