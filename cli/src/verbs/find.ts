/** datadb find: looks for entries by name in backups. */
import type { Connection } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";

export const findVerb: Verb = {
  name: "find",
  summary: "Find files by name in backups",
  usage: "[OPTION]... PATTERN",
  description: [
    "PATTERN matches base names, with *, ? and [abc]; with a slash in it, whole paths. Prints every match with the backup " +
      "it is in, newest first. The exit code is 4 when nothing matches.",
  ],
  options: [
    { name: "in", value: "SELECTOR", help: "look only in this backup (default: the newest of every series)", completes: "backup" },
    { name: "all", help: "look in every backup" },
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
