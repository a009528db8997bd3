/** datadb cat: writes the content of a file, or a directory as a tar archive, to standard output. */
import type { Connection } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { readSelection } from "./read-selection.ts";

export const cat: Verb = {
  name: "cat",
  summary: "Print a file from a backup, or a directory as a tar archive",
  usage: "[OPTION]... SELECTOR[:PATH]",
  description: [
    "Writes the bytes of the file to standard output. A directory comes as a tar archive of everything in it. Every " +
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

async function printContent(
  { arguments: args, output, signal }: VerbContext,
  connection: Connection,
): Promise<number> {
  const { cat: read, listDirectory } = await import("@datadb/client");
  if (output.json)
    throw new UsageError("content is bytes, not JSON", "leave --json away; datadb show has the facts");
  const { backup, path } = await readSelection(connection, args.operands[0]!);
  if (output.terminal && !args.flag("force")) {
    for await (const { type, name } of listDirectory(connection, backup, path ?? "")) {
      const whole =
        path === undefined || path === "" ? backup.type === "file" : path.endsWith(name.toString());
      if (type === "file" && whole) break;
      throw new UsageError(
        "a tar archive would go to the terminal",
        "send it on: | tar t, or > FILE; or pass --force",
      );
    }
  }
  const onSkipped = (skipped: Buffer): void =>
    output.warn(`${printable(skipped)} is a socket, which tar cannot hold`);
  for await (const bytes of read(connection, backup, path ?? "", { signal, onSkipped })) {
    await output.bytes(bytes, signal);
  }
  return EXIT.done;
}
