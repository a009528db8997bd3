/** The release, as package.json has it. */
import { createRequire } from "node:module";

/** Read at run time, by the package's name: sources, build and bundle lie in different places. */
export const VERSION: string = (
  createRequire(import.meta.url)("@datadb/server/package.json") as { version: string }
).version;
