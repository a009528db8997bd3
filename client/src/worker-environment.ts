/** The environment of worker threads: they take compiled code from where the command keeps it, which is not theirs otherwise. */
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/** Loading its modules is most of what a thread costs that has little to do. */
export function workerEnvironment(): NodeJS.ProcessEnv {
  // The directory is one of this version of Node, in the one that was asked for.
  const compiled = getCompileCacheDir();
  return compiled === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: dirname(compiled) };
}
