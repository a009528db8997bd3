/** Where the directories of a user are. */
import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";

/** The XDG variables must hold absolute paths; others are to be ignored. */
export function xdgDirectory(variable: string, fallback: string, environment: NodeJS.ProcessEnv): string {
  const value = environment[variable];
  return value && isAbsolute(value) ? value : resolve(environment["HOME"] || homedir(), fallback);
}
