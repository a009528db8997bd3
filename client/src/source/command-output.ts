/** The output of a command as a stream that fails when the command fails. */
import { CommandFailedError } from "@datadb/protocol";

/** What is kept of the command's messages, for the error. */
const MESSAGE_BYTES = 4096;
const MESSAGE_LINES = 10;

/**
 * Runs the command; its standard error is passed on. Throws COMMAND_FAILED at the end of the stream unless it ended
 * with status 0, so that a stream read to its end is whole. Aborting ends the command.
 */
export async function* commandOutput(
  command: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const [program, ...args] = command;
  const shown = command.join(" ");
  const { spawn } = await import("node:child_process");
  const child = spawn(program!, args, { stdio: ["inherit", "pipe", "pipe"], signal });
  let messages = Buffer.alloc(0);
  child.stderr.on("data", (bytes: Buffer) => {
    process.stderr.write(bytes);
    messages = Buffer.concat([messages, bytes]).subarray(-MESSAGE_BYTES);
  });
  const ended = new Promise<string | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, by) => {
      if (code === 0) resolve(null);
      else resolve(code === null ? `was ended by ${by}` : `ended with status ${code}`);
    });
  });
  ended.catch(() => {});
  let finished = false;
  try {
    yield* child.stdout;
    const failure = await ended.catch((cause: Error) => {
      throw new CommandFailedError(`'${shown}' cannot be run: ${cause.message}`, {
        next: "check the command; no backup was made",
        fields: { command },
        cause,
      });
    });
    finished = true;
    if (failure === null) return;
    const lines = messages.toString().trimEnd().split("\n").slice(-MESSAGE_LINES);
    const said = lines.join("\n");
    throw new CommandFailedError(`'${shown}' ${failure}${said === "" ? "" : `:\n${said}`}`, {
      next: "no backup was made; correct the command and run it again",
      fields: { command, stderr: lines },
    });
  } finally {
    if (!finished) child.kill();
  }
}
