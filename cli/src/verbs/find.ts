/** datadb find: looks for entries by name in backups. */
import type { Backup, Connection } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { pathRecord } from "./entry-record.ts";
import { readSelection } from "./read-selection.ts";

export const findVerb: Verb = {
  name: "find",
  summary: "Find files by name in backups",
  usage: "[OPTION]... PATTERN",
  description: [
    "PATTERN matches base names, with *, ? and [abc]; with a slash in it, whole paths, where ** crosses directories. Prints every match with the backup " +
      "it is in, newest first. The exit code is 4 when nothing matches.",
  ],
  options: [
    {
      name: "in",
      value: "SELECTOR",
      help: "look only in this backup (default: the newest of every series)",
      completes: "backup",
    },
    { name: "all", help: "look in every backup" },
    { name: "ignore-case", short: "i", help: "do not tell capital and small letters apart" },
  ],
  operands: { least: 1, most: 1, completes: "nothing" },
  stopsWithReader: true,
  examples: [
    { line: "datadb find 'report*.pdf'", does: "In the newest backups" },
    { line: "datadb find --in documents@2026-11 'letters/*.txt'", does: "In one backup, by path" },
  ],
  exits: { [EXIT.notFound]: "nothing matches" },
  run: (context) => withConnection(context, { job: "find" }, (connection) => search(context, connection)),
};

async function search(context: VerbContext, connection: Connection): Promise<number> {
  const { arguments: args, output, signal } = context;
  const { find } = await import("@datadb/client");
  const backups = await backupsToSearch(context, connection);
  let matches = 0;
  let shown: Backup | undefined;
  const options = { signal, ignoreCase: args.flag("ignore-case") };
  for await (const { backup, path, meta } of find(connection, backups, args.operands[0]!, options)) {
    matches++;
    if (shown !== backup) {
      const of = `${printable(`${backup.host}/${backup.name}`)}  ${formatTime(new Date(backup.time))}`;
      output.line(output.style("bold", `${backup.id.slice(0, 8)}  ${of}`));
    }
    shown = backup;
    output.line(`  ${printable(path)}${meta.type === "directory" ? "/" : ""}`);
    output.record({ ...pathRecord(path, meta), backup: backup.id });
  }
  output.record({ type: "summary", matches, backups: backups.length });
  if (matches === 0)
    output.note(`nothing in ${backups.length} backups matches ${printable(args.operands[0]!)}`);
  return matches === 0 ? EXIT.notFound : EXIT.done;
}

async function backupsToSearch({ arguments: args }: VerbContext, connection: Connection): Promise<Backup[]> {
  const selector = args.text("in");
  if (selector !== undefined) return [(await readSelection(connection, selector)).backup];
  const { listBackups } = await import("@datadb/client");
  const all = await listBackups(connection);
  if (args.flag("all")) return all;
  const newest = new Map<string, Backup>();
  for (const backup of all) if (!newest.has(backup.snapshot)) newest.set(backup.snapshot, backup);
  return [...newest.values()];
}
