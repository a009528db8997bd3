/** Mounts a repository with the program that made it, for as long as something is measured. */
import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "../measure.ts";
import type { Repository, Tool } from "../tools/tool.ts";

const PATIENCE_MS = 120_000;

/** How each program mounts, and where the newest backup of the source then is. */
export function mountCommand(
  tool: Tool,
  repository: Repository,
  source: string,
  point: string,
): { command: Command; root: string } {
  const { env } = repository.init;
  if (tool.name === "restic") {
    const command = { program: repository.init.program, words: ["mount", point], ...(env ? { env } : {}) };
    return { command, root: join(point, "snapshots/latest", source) };
  }
  if (tool.name === "borg")
    return {
      command: { program: "borg", words: ["mount", "-f", "::backup-1", point], ...(env ? { env } : {}) },
      root: join(point, source),
    };
  const store = repository.init.words.at(-1) as string;
  const command = { program: "datadb", words: ["mount", "--store", store, point], ...(env ? { env } : {}) };
  return { command, root: join(point, "latest", basename(source)) };
}

/** Runs the work while the command has its directory mounted. Throws with what the command said when it cannot mount. */
export async function whileMounted<T>(
  command: Command,
  point: string,
  root: string,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(point, { recursive: true });
  const child = spawn(command.program, command.words, {
    env: { ...process.env, ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let running = true;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => (said += part.toString()));
  const ended = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      said += error.message;
      running = false;
      resolve();
    });
    child.on("close", () => {
      running = false;
      resolve();
    });
  });
  try {
    const deadline = Date.now() + PATIENCE_MS;
    // The root itself is looked at, so that no program is still loading when the clock starts.
    while (!(isMounted(point) && (await succeeds("test", ["-d", root])))) {
      if (!running || Date.now() > deadline) throw new Error(said.trim() || "it did not mount in time");
      await delay(50);
    }
    return await work();
  } finally {
    if (isMounted(point) && !(await succeeds("umount", [point]))) await succeeds("umount", ["-l", point]);
    const time = setTimeout(() => child.kill("SIGKILL"), 10_000);
    if (running) await ended;
    clearTimeout(time);
  }
}

function isMounted(point: string): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8").includes(` ${point} `);
}

function succeeds(program: string, words: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, words, { timeout: 30_000, killSignal: "SIGKILL" }, (error) => resolve(error === null));
  });
}
