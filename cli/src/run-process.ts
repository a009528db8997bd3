/** Connects one run of the command to its process: streams that may close, signals that abort, the exit code. */
import { EXIT } from "./exit-code.ts";
import { runCommand } from "./run-command.ts";

/** Why a job was aborted. */
export class OutputClosed extends Error {}

/** Resolves after the exit code is set; the process then ends when nothing is left to do. */
export async function runProcess(words: readonly string[]): Promise<void> {
  const abort = new AbortController();
  const closed = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // The second one means it: nothing that is durable depends on a clean end.
      if (abort.signal.aborted) process.exit(EXIT.interrupted);
      abort.abort(new Error(signal));
    });
  }
  const ignorePipe = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
    closed.abort(new OutputClosed("nobody reads the output"));
  };
  process.stdout.on("error", ignorePipe);
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.exitCode = await runCommand(words, {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    interrupted: abort.signal,
    outputClosed: closed.signal,
  });
}
