/**
 * Runs a program and says what it took. Wall and CPU time are those of bash's `time` (children included). Memory is the
 * largest sum, over samples every 20 ms, of the peak resident sizes (VmHWM) of the processes alive in the program's tree; private memory the
 * same of what is resident and no file's (RssAnon), without pages of files that the kernel could drop at any time.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Command {
  program: string;
  words: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

export interface Measurement {
  /** Seconds. */
  wall: number;
  /** Seconds of user and system time. */
  cpu: number;
  /** Bytes. */
  memory: number;
  /** Bytes. */
  privateMemory: number;
  stdout: string;
}

const SAMPLE_MS = 20;
const TIMED = 'TIMEFORMAT="%R %U %S"; { time "$@" 2>&3; } 3>&2 2>"$0"';

/** Throws with what the program said when it fails. */
export function measure(command: Command): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const directory = mkdtempSync(join(tmpdir(), "datadb-bench-time-"));
    const times = join(directory, "times");
    const child = spawn("bash", ["-c", TIMED, times, command.program, ...command.words], {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let memory = 0;
    let privateMemory = 0;
    child.stdout.on("data", (part: Buffer) => (stdout += part.toString()));
    child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
    const sample = (): void => {
      if (child.pid === undefined) return;
      const now = memoryBelow(child.pid);
      memory = Math.max(memory, now.peak);
      privateMemory = Math.max(privateMemory, now.own);
    };
    const timer = setInterval(sample, SAMPLE_MS);
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(timer);
      const said = `${command.program} ${command.words.join(" ")} ended with ${code}: ${stderr.slice(-2000)}`;
      const [wall = 0, user = 0, system = 0] =
        code === 0 ? readFileSync(times, "utf8").trim().split(" ").map(Number) : [];
      rmSync(directory, { recursive: true });
      if (code === 0) resolve({ wall, cpu: user + system, memory, privateMemory, stdout });
      else reject(new Error(said));
    });
  });
}

/** The sums of VmHWM and of RssAnon of the processes below this one, itself (the shell) not counted. */
function memoryBelow(pid: number): { peak: number; own: number } {
  let [peak, own] = [0, 0];
  for (const child of childrenOf(pid)) {
    const below = memoryBelow(child);
    peak += below.peak;
    own += below.own;
    try {
      const status = readFileSync(`/proc/${child}/status`, "latin1");
      peak += Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
      own += Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      // It ended between the two reads.
    }
  }
  return { peak, own };
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
    return text
      .split(" ")
      .filter((part) => part !== "")
      .map(Number);
  } catch {
    return [];
  }
}
