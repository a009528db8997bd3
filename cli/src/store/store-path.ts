/** Where the store is: --store, else DATADB_STORE, else the user's data directory. */
import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { realPath } from "./real-path.ts";

/** The XDG variables must hold absolute paths; others are to be ignored. */
export function xdgDirectory(variable: string, fallback: string, environment: NodeJS.ProcessEnv): string {
  const value = environment[variable];
  return value && isAbsolute(value) ? value : resolve(environment["HOME"] || homedir(), fallback);
}

/** The absolute path of the store, symbolic links resolved as far as it exists. */
export function storePath(option: string | undefined, environment: NodeJS.ProcessEnv): string {
  const named = option ?? (environment["DATADB_STORE"] || undefined);
  return realPath(named ?? resolve(xdgDirectory("XDG_DATA_HOME", ".local/share", environment), "datadb"));
}
