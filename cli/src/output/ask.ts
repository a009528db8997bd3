/** Asks before something is lost: on a terminal a question, without one --yes is needed. */
import { UsageError } from "@datadb/protocol";
import type { VerbContext } from "../verb.ts";

/**
 * Resolves true for --yes or an answer that begins with y. Without a terminal and without --yes throws UsageError.
 * `what` says what would happen: "remove backup 3f9a of documents".
 */
export async function ask({ arguments: args, signal }: VerbContext, what: string): Promise<boolean> {
  if (args.flag("yes")) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(
      `this would ${what}, and there is no terminal to ask on`,
      "repeat it with --yes if you mean it",
    );
  }
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`This will ${what}. Go on? [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
