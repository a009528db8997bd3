/** Runs mount, umount and fusermount3: always beside this process, which may have to answer the kernel meanwhile. */
import { spawn } from "node:child_process";

export interface ToolResult {
  /** Null when a signal ended it, or it could not be started. */
  code: number | null;
  said: string;
}

/** A tool that hangs is killed: nothing may wait for it for ever. */
const LIMIT_MS = 20_000;
const KILL_MS = 2000;

/** Never rejects. `descriptor` becomes number 3 of the tool. */
export function runTool(
  program: string,
  words: readonly string[],
  options: { descriptor?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<ToolResult> {
  return new Promise((resolve) => {
    const { descriptor, env } = options;
    const child = spawn(program, words, {
      stdio: ["ignore", "pipe", "pipe", ...(descriptor === undefined ? [] : [descriptor])],
      env: { ...process.env, LC_ALL: "C", ...env },
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (part: Buffer) => {
        said += part.toString();
      });
    // One that the kernel holds cannot even be killed.
    const late = setTimeout(() => {
      child.unref();
      resolve({ code: null, said: `${program} does not end` });
    }, LIMIT_MS + KILL_MS);
    child.on("error", (error) => resolve({ code: null, said: error.message }));
    child.on("close", (code) => {
      clearTimeout(late);
      resolve({ code, said: said.trim() });
    });
  });
}
