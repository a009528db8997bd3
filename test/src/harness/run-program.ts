/** Runs a program to its end, with what it printed as bytes. */
import { type ChildProcess, spawn } from "node:child_process";
// First, so that its cleaning comes last: hooks run in reverse.
import "./scratch.ts";
import { afterAll } from "vitest";

const running = new Set<ChildProcess>();
// A test that failed or ran out of time leaves nobody behind.
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
  /** Milliseconds from start to end. */
  elapsed: number;
}

export interface RunOptions {
  input?: string | Buffer;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Whom it runs as, instead of the user of the tests. */
  uid?: number;
  gid?: number;
  /** Gets the process as soon as it runs. */
  started?: (child: ChildProcess) => void;
}

/** Resolves when the program has ended, whatever its exit code; rejects only when it cannot start. */
export function runProgram(
  program: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, words, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      stdio: ["pipe", "pipe", "pipe"],
    });
    running.add(child);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => stdout.push(part));
    child.stderr.on("data", (part: Buffer) => stderr.push(part));
    // A program that ends without reading its input is no failure of the test.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (code, signal) => {
      running.delete(child);
      resolve({
        code,
        signal,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
        elapsed: performance.now() - began,
      });
    });
    options.started?.(child);
  });
}

/** As runProgram, and throws with what the program said when its exit code is not 0. */
export async function mustRun(
  program: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Buffer> {
  const { code, signal, stdout, stderr } = await runProgram(program, words, options);
  if (code !== 0) {
    throw new Error(
      `${program} ${words.slice(0, 6).join(" ")} ended with ${code ?? signal}: ${stderr.slice(0, 2000)}`,
    );
  }
  return stdout;
}
