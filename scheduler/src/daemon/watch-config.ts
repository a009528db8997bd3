/** Follows the configuration's file: a change is taken over when it is valid, and refused aloud when it is not. */
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "@datadb/protocol";
import { parseConfig } from "../config/parse-config.ts";
import type { SchedulerConfig } from "../config/scheduler-config.ts";

/** By its times, not by events: editors replace files, and links to directories are switched. */
const LOOK_INTERVAL_MS = 1000;

/** Reads and checks the file. Throws USAGE. */
export function readConfig(
  file: string,
  environment: NodeJS.ProcessEnv,
  checkSecrets = true,
): SchedulerConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`, {
      next: "name the scheduler's configuration with --config FILE",
      cause,
    });
  }
  return parseConfig(text, file, { environment, checkSecrets, directory: dirname(resolve(file)) });
}

export interface ConfigWatch {
  /** Reads the file now, whether it changed or not. */
  reload(): void;
  close(): void;
}

export function watchConfig(
  file: string,
  current: SchedulerConfig,
  environment: NodeJS.ProcessEnv,
  { accept, reject }: { accept(config: SchedulerConfig): void; reject(message: string): void },
): ConfigWatch {
  let text = current.text;
  const read = (always: boolean): void => {
    try {
      const next = readConfig(file, environment);
      if (!always && next.text === text) return;
      text = next.text;
      accept(next);
    } catch (error) {
      reject(`${(error as Error).message}; going on with the configuration of before`);
    }
  };
  const listener = (): void => read(false);
  watchFile(file, { interval: LOOK_INTERVAL_MS, persistent: false }, listener);
  return { reload: () => read(true), close: () => unwatchFile(file, listener) };
}
