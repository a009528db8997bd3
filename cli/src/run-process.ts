/** Connects one run of the command to its process: streams that may close, signals that abort, the exit code. */
import { safeCommandLine } from "@datadb/protocol";
import { EXIT } from "./exit-code.ts";
import { runCommand } from "./run-command.ts";

/** Why a job was aborted. */
class OutputClosed extends Error {}

/** Ends the process with the exit code of the run. */
export async function runProcess(words: readonly string[]): Promise<never> {
  hideSecrets(words);
  const abort = new AbortController();
  const closed = new AbortController();
  let hangup: (() => void) | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (signal === "SIGHUP" && hangup) {
        hangup();
        return;
      }
      // The second one means it: nothing that is durable depends on a clean end.
      if (abort.signal.aborted) process.exit(EXIT.interrupted);
      abort.abort(new Error(signal));
    });
  }
  let ended = false;
  // Once interrupted, what waits for something that does not come ends the process: Node has a code of its own for that.
  process.on("exit", () => {
    if (!ended && abort.signal.aborted) process.exitCode = EXIT.interrupted;
  });
  const ignorePipe = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
    closed.abort(new OutputClosed("nobody reads the output"));
  };
  process.stdout.on("error", ignorePipe);
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const code = await runCommand(words, {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    interrupted: abort.signal,
    onHangup(listener) {
      hangup = listener;
    },
    outputClosed: closed.signal,
  });
  ended = true;
  // Output to files, pipes and terminals is written by now; a standard input that nobody ends must not keep us.
  process.exit(code);
}

/** Everybody on the machine can read the words of a process; its title is what they see from now on. */
function hideSecrets(words: readonly string[]): void {
  const safe = safeCommandLine(words);
  if (safe.some((word, i) => word !== words[i])) process.title = ["datadb", ...safe].join(" ");
}
