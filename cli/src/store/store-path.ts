/** Where the store is: --store, else DATADB_STORE, else the user's data directory. */
import { resolve } from "node:path";
import { realPath } from "./real-path.ts";
import { xdgDirectory } from "./xdg-directory.ts";

/** The absolute path of the store, symbolic links resolved as far as it exists. */
export function storePath(option: string | undefined, environment: NodeJS.ProcessEnv): string {
  const named = option ?? (environment["DATADB_STORE"] || undefined);
  return realPath(named ?? resolve(xdgDirectory("XDG_DATA_HOME", ".local/share", environment), "datadb"));
}
