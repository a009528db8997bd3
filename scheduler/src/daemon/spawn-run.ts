/**
 * Runs a job in a process of its own: with its priority, its memory, and an end that can be enforced. The configuration
 * goes through its standard input, so that it is the one that was checked, whatever the file says by now.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { type RunRecord, timeText } from "../history/run-record.ts";
import type { RunEnd, StartedRun } from "./daemon.ts";

export interface SpawnOptions {
  /** Program and first words of the command; `scheduler run JOB ...` follows. */
  command: readonly string[];
  environment: NodeJS.ProcessEnv;
  /** Takes the lines that a run writes for people. */
  note(job: string, line: string): void;
}

/** What notices and the record may take after the deadline. */
const AFTER_DEADLINE_MS = 60_000;
/** Between asking a run to end and killing it. */
const KILL_AFTER_MS = 30_000;
const TAIL_CHARACTERS = 2000;

export function spawnRun(
  { command, environment, note }: SpawnOptions,
  config: SchedulerConfig,
  job: Job,
  planned: number,
): StartedRun {
  const words = [
    ...command,
    "scheduler",
    "run",
    job.name,
    "--config",
    "-",
    "--planned",
    timeText(planned),
    "--json",
  ];
  const [program, ...rest] = [...priorityWords(job), ...words];
  // Its own process group: Ctrl-C is for the daemon, which then asks its runs to end.
  const child = spawn(program!, rest, {
    cwd: config.directory,
    env: environment,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  child.stdin!.on("error", () => undefined);
  child.stdin!.end(config.text);
  let deadline = false;
  const limit = limitOf(job);
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(() => {
          deadline = true;
          kill(child, "SIGKILL");
        }, limit);
  let killer: NodeJS.Timeout | undefined;
  const ended = outcomeOf(child, (line) => note(job.name, line)).then((end): RunEnd => {
    clearTimeout(timer);
    clearTimeout(killer);
    if (end.kind !== "died" || !deadline) return end;
    return { kind: "died", code: "DEADLINE", message: "it did not end after its deadline and was killed" };
  });
  return {
    ended,
    stop() {
      kill(child, "SIGTERM", child.pid);
      killer ??= setTimeout(() => kill(child, "SIGKILL"), KILL_AFTER_MS);
    },
  };
}

/** Milliseconds after which a run is killed; undefined: never. */
function limitOf({ deadlineMs, hooks }: Job): number | undefined {
  if (deadlineMs === undefined) return undefined;
  return deadlineMs + (hooks.after?.timeoutMs ?? 0) + (hooks.onFailure?.timeoutMs ?? 0) + AFTER_DEADLINE_MS;
}

/** Everything that the run started is meant, unless one process is named. */
function kill(child: ChildProcess, signal: NodeJS.Signals, one?: number): void {
  if (child.pid === undefined) return;
  try {
    process.kill(one ?? -child.pid, signal);
  } catch {
    // It ended by itself.
  }
}

/** Programs that every Linux has: the priority must be there before the first thread starts. */
function priorityWords({ priority: { nice, io } }: Job): string[] {
  const classes = { idle: ["-c", "3"], "best-effort": ["-c", "2", "-n", "7"] };
  return [...(nice > 0 ? ["nice", "-n", String(nice)] : []), ...(io ? ["ionice", ...classes[io]] : [])];
}

function outcomeOf(child: ChildProcess, note: (line: string) => void): Promise<RunEnd> {
  let out = "";
  let said = "";
  let rest = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    out = `${out}${text}`.slice(-1_000_000);
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-TAIL_CHARACTERS);
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop()!;
    for (const line of lines) note(line);
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ kind: "died", code: "INTERNAL", message: error.message }));
    child.once("close", (code, signal) => {
      if (rest !== "") note(rest);
      const end = summaryOf(out);
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
      const message = `its process ${how}${said.trim() ? `: ${said.trim()}` : ""}`;
      resolve(end ?? { kind: "died", code: "INTERRUPTED", message });
    });
  });
}

/** The last line, when it is what a run prints at its end. */
function summaryOf(out: string): RunEnd | undefined {
  const line = out.trimEnd().split("\n").at(-1) ?? "";
  try {
    const summary = JSON.parse(line) as { type?: string; skipped?: boolean; record?: RunRecord };
    if (summary.type !== "summary") return undefined;
    if (summary.skipped) return { kind: "skipped" };
    return summary.record ? { kind: "record", record: summary.record } : undefined;
  } catch {
    return undefined;
  }
}
