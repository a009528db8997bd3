/** datadb cat: writes the content of a file, or a directory as a tar archive, to standard output. */
import { EXIT } from "../exit-code.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb } from "../verb.ts";
import { readSelection } from "./read-selection.ts";

export const cat: Verb = {
  name: "cat",
  summary: "Print a file from a backup, or a directory as a tar archive",
  usage: "SELECTOR:PATH",
  description: [
    "Writes the bytes of the file to standard output. A directory comes as a tar archive with everything in it. Every " +
      "byte is verified; damage ends the output early with exit code 5.",
  ],
  options: [{ name: "force", help: "write binary data to a terminal" }],
  operands: { least: 1, most: 1, completes: "backup" },
  stopsWithReader: true,
  examples: [
    { line: "datadb cat documents:letters/a.txt", does: "A file" },
    { line: "datadb cat app.sql@2026-11-19: | psql app", does: "What standard input or a command gave" },
    { line: "datadb cat documents:letters | tar x -C /tmp", does: "A directory" },
  ],
  exits: { [EXIT.notFound]: "no such backup or path", [EXIT.damaged]: "the content is damaged" },
  run: (context) =>
    withConnection(context, { job: "cat" }, (connection) => printContent(context, connection)),
};
