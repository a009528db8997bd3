/** datadb diff: what changed between two backups. */
import type { Connection } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { readSelection } from "./read-selection.ts";

export const diffVerb: Verb = {
  name: "diff",
  summary: "Show what changed between two backups",
  usage: "SELECTOR[:PATH] SELECTOR[:PATH]",
  description: [
    "Prints a line for every entry that differs: + added, - removed, M content changed, m only attributes changed, T " +
      "another type. Equal directories are not read, so that large backups compare quickly.",
  ],
  options: [],
  operands: { least: 2, most: 2, completes: "backup" },
  stopsWithReader: true,
  examples: [
    { line: "datadb diff documents@2026-11-18 documents", does: "What changed since that day" },
    { line: "datadb diff 3f9a1c20:letters 77b0e2d1:letters", does: "Two backups by id, one directory" },
  ],
  exits: { [EXIT.notFound]: "no such backup or path" },
  run: (context) => withConnection(context, { job: "diff" }, (connection) => compare(context, connection)),
};
