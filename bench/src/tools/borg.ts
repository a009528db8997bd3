/** borg from PATH, with the compression that restic and datadb use too. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Tool } from "./tool.ts";

/** Null when there is no borg. */
export function borg(): Tool | null {
  try {
    const version = execFileSync("borg", ["--version"], { encoding: "utf8" }).trim();
    return {
      name: "borg",
      version: `${version}, --encryption none --compression zstd,1`,
      repository: (path) => {
        const env = {
          BORG_BASE_DIR: `${path}.borg`,
          BORG_REPO: path,
          BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
        };
        let count = 0;
        return {
          init: { program: "borg", words: ["init", "--encryption", "none"], env },
          backup: (source) => {
            count++;
            return {
              program: "borg",
              words: ["create", "--compression", "zstd,1", `::backup-${count}`, source],
              env,
            };
          },
          restore: (_source, target) => ({
            program: "borg",
            words: ["extract", `::backup-${count}`],
            env,
            cwd: target,
          }),
          forgetOlder: () => [
            { program: "borg", words: ["delete", `::backup-${count - 1}`], env },
            { program: "borg", words: ["compact"], env },
          ],
          restored: (source, target) => join(target, source),
        };
      },
    };
  } catch {
    console.error("no borg: install it with apt-get install borgbackup");
    return null;
  }
}
