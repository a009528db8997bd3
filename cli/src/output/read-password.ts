/** Reads a password: on a terminal without showing it, else the first line of standard input. */
import { Writable } from "node:stream";
import { UsageError } from "@datadb/protocol";

/** `prompt` is shown on a terminal. Throws USAGE when nothing comes. */
export async function readPassword(prompt = "Password: "): Promise<string> {
  const terminal = process.stdin.isTTY;
  if (terminal) process.stderr.write(prompt);
  const { createInterface } = await import("node:readline/promises");
  // The terminal's echo is readline's own output, which goes nowhere.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal });
  try {
    for await (const line of lines) {
      if (terminal) process.stderr.write("\n");
      if (line === "") break;
      return line;
    }
    throw new UsageError("there is no password", "type one, or send it to standard input");
  } finally {
    lines.close();
  }
}
