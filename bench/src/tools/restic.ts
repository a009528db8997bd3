/** restic, 0.19 or newer: from PATH when that one is new enough, else unpacked from Debian's unstable suite. */
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import type { Tool } from "./tool.ts";

const LEAST_MINOR = 19;

/** Null when there is no restic that is new enough; the reason is printed. */
export function restic(cache: string): Tool | null {
  try {
    const program = resticProgram(cache);
    return {
      name: "restic",
      version: execFileSync(program, ["version"], { encoding: "utf8" }).trim(),
      repository: (path) => {
        const env = { RESTIC_PASSWORD: "bench", RESTIC_REPOSITORY: path, RESTIC_CACHE_DIR: `${path}.cache` };
        return {
          init: { program, words: ["init", "--quiet"], env },
          backup: (source) => ({ program, words: ["backup", "--quiet", source], env }),
          restore: (_source, target) => ({
            program,
            words: ["restore", "--quiet", "latest", "--target", target],
            env,
          }),
          forgetOlder: () => [
            { program, words: ["forget", "--quiet", "--group-by", "", "--keep-last", "1"], env },
            { program, words: ["prune", "--quiet"], env },
          ],
          restored: (source, target) => join(target, source),
        };
      },
    };
  } catch (error) {
    console.error(`no restic: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

/** The program, unpacked below the cache directory where PATH has none that is new enough. */
export function resticProgram(cache: string): string {
  return isNew("restic") ? "restic" : fetchRestic(cache);
}

function isNew(program: string): boolean {
  try {
    const version = execFileSync(program, ["version"], { encoding: "utf8" });
    const [, major = 0, minor = 0] = (/restic (\d+)\.(\d+)/.exec(version) ?? []).map(Number);
    return major > 0 || minor >= LEAST_MINOR;
  } catch {
    return false;
  }
}

function fetchRestic(cache: string): string {
  const script = resolve(import.meta.dirname, "../../fetch-restic");
  return execFileSync(script, [join(cache, "restic")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
}
