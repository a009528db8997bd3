/** `datadb mount` as a process: started, looked at from other processes only, and never left behind. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { afterAll } from "vitest";
// First, so that its cleaning comes last: hooks run in reverse.
import "./scratch.ts";
import type { World } from "./command.ts";
import type { Need } from "./lanes.ts";
import { type Finished, runProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

/** Ends whatever is asked of a mount: a test that hangs in the kernel could not be ended. */
const LIMIT_SECONDS = 120;

export interface MountProcess {
  directory: string;
  child: ChildProcess;
  /** All it said on standard error so far. */
  said(): string;
  /** Resolves with the exit code when it has ended. */
  ended: Promise<number | null>;
  /** Runs a shell script in another process, in the mounted directory; throws when it fails. */
  shell(script: string, limitSeconds?: number): Promise<string>;
  /** The same, whatever comes out. */
  attempt(script: string, limitSeconds?: number): Promise<Finished>;
}

const running = new Set<ChildProcess>();
const directories = new Set<string>();
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  for (const directory of directories) if (isMounted(directory)) await umount(directory, ["-l"]);
});

/** What these tests need of the machine. */
export const MOUNT_NEEDS: readonly Need[] = existsSync("/dev/fuse")
  ? ["root"]
  : ["root", { program: "/dev/fuse" }];

/** Whether anything is mounted there, as the kernel says. */
export function isMounted(directory: string): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8").includes(` ${directory} `);
}

/** Resolves with the exit code. */
export function umount(directory: string, options: readonly string[] = []): Promise<number> {
  return new Promise((resolve) => {
    execFile("umount", [...options, directory], { timeout: 30_000, killSignal: "SIGKILL" }, (error) =>
      resolve(error === null ? 0 : Number(error.code ?? 1)),
    );
  });
}

export interface MountSettings {
  /** Options of the verb, such as --store. */
  words: readonly string[];
  uid?: number;
  gid?: number;
  env?: NodeJS.ProcessEnv;
}

/** Resolves when the directory is mounted. */
export async function startMount(
  world: World,
  directory: string,
  settings: MountSettings,
): Promise<MountProcess> {
  mkdirSync(directory, { recursive: true });
  directories.add(directory);
  const { uid, gid, env, words } = settings;
  const child = spawn(world.program, ["mount", ...words, directory], {
    env: { ...world.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  running.add(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (part: Buffer) => (said += part.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  await waitFor("the mount", () => {
    if (child.exitCode !== null) throw new Error(`datadb mount ended with ${child.exitCode}: ${said}`);
    return said.includes("mounted on ");
  });
  const attempt: MountProcess["attempt"] = (script, limitSeconds = LIMIT_SECONDS) =>
    runProgram(
      "timeout",
      ["-s", "KILL", String(limitSeconds), "bash", "-euc", `cd "$1"; ${script}`, "bash", directory],
      {
        env: { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC" },
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      },
    );
  return {
    directory,
    child,
    said: () => said,
    ended,
    attempt,
    async shell(script, limitSeconds) {
      const { code, signal, stdout, stderr } = await attempt(script, limitSeconds);
      if (code !== 0) throw new Error(`${script} ended with ${code ?? signal}: ${stderr}\n${said}`);
      return stdout.toString();
    },
  };
}
