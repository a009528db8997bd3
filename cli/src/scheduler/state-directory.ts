/** Where this user's state is: what must outlive a process and is no part of a store. */
import { join } from "node:path";
import { xdgDirectory } from "../store/xdg-directory.ts";

export function stateDirectory(environment: NodeJS.ProcessEnv): string {
  return join(xdgDirectory("XDG_STATE_HOME", ".local/state", environment), "datadb");
}
