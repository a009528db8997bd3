/** `datadb scheduler` as a process that tests can ask, stop and kill, with its runs. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
// First, so that its cleaning comes last: hooks run in reverse.
import "./scratch.ts";
import type { JsonRecord, World } from "./command.ts";
import { freePort } from "./free-port.ts";
import { waitFor } from "./wait-for.ts";

export interface SchedulerProcess {
  child: ChildProcess;
  /** Of its HTTP listener. */
  url: string;
  /** The records of `--json` so far. */
  records(): JsonRecord[];
  /** Records of this type for a job. */
  of(type: string, job?: string): JsonRecord[];
  /** All it said on standard error so far. */
  said(): string;
  /** The status and text of a page. */
  page(path: string): Promise<{ status: number; text: string }>;
  /** SIGTERM, then resolves with the exit code. */
  stop(): Promise<number | null>;
  /** kill -9 of the scheduler alone; its runs go on. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Writes the file and starts; `yaml` says everything but the section http. Resolves when it is ready. */
export async function startScheduler(
  world: World,
  directory: string,
  yaml: string,
  env: NodeJS.ProcessEnv = {},
): Promise<SchedulerProcess> {
  const port = await freePort();
  const file = join(directory, "scheduler.yaml");
  writeFileSync(file, `http: { port: ${port} }\n${yaml}`);
  const child = spawn(world.program, ["scheduler", "--config", file, "--json"], {
    env: { ...world.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let printed = "";
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const records = (): JsonRecord[] =>
    printed
      .slice(0, printed.lastIndexOf("\n") + 1)
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as JsonRecord]));
  await waitFor("the scheduler to be ready", () => {
    if (child.exitCode !== null) throw new Error(`the scheduler ended with ${child.exitCode}: ${said}`);
    return records().some(({ type }) => type === "listening");
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    child,
    url,
    records,
    of: (type, job) =>
      records().filter((record) => record["type"] === type && (job === undefined || record["job"] === job)),
    said: () => said,
    async page(path) {
      const response = await fetch(`${url}${path}`);
      return { status: response.status, text: await response.text() };
    },
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
