/** Runs a hook: a shell command with what is known of the run in its environment, and a time limit. */
import { spawn } from "node:child_process";
import { CommandFailedError } from "@datadb/protocol";
import type { Hook } from "../config/scheduler-config.ts";

/** As much of the end of its output as an error says. */
const TAIL_BYTES = 2000;
/** Between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 5000;

/**
 * Resolves when the command ended with 0. Throws COMMAND_FAILED with the end of its output; when the time is over or the
 * signal is aborted, the command and what it started are ended first.
 */
export function runHook(
  name: string,
  { command, timeoutMs }: Hook,
  { environment, directory }: { environment: NodeJS.ProcessEnv; directory: string },
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that all of it can be ended.
    const child = spawn("/bin/sh", ["-c", command], {
      env: environment,
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let tail = "";
    const keep = (part: Buffer): void => {
      tail = `${tail}${part.toString()}`.slice(-TAIL_BYTES);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    let why = "";
    let kill: NodeJS.Timeout | undefined;
    const end = (reason: string): void => {
      why ||= reason;
      endGroup(child.pid, "SIGTERM");
      kill ??= setTimeout(() => endGroup(child.pid, "SIGKILL"), KILL_AFTER_MS);
    };
    const limit = setTimeout(() => end(`did not end within ${timeoutMs / 1000} s`), timeoutMs);
    const abort = (): void => end("was interrupted");
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const settle = (failure: string | undefined): void => {
      clearTimeout(limit);
      clearTimeout(kill);
      signal?.removeEventListener("abort", abort);
      if (failure === undefined) {
        resolve();
        return;
      }
      const said = tail.trim();
      reject(
        new CommandFailedError(`the hook ${name} ${failure}${said ? `: ${said}` : ""}`, {
          next: "run the command by itself and correct it",
          fields: { hook: name },
        }),
      );
    };
    child.once("error", (error) => settle(`could not start: ${error.message}`));
    // Not "close": something that the hook left in the background may keep its output open for ever.
    child.once("exit", (code, ended) => {
      if (why !== "") return settle(why);
      settle(code === 0 ? undefined : `ended with ${code ?? ended}`);
    });
  });
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself.
  }
}
