/** The release, as package.json has it. */
import { createRequire } from "node:module";

/** Read at run time: the file lies beside both the sources and the build. */
export const VERSION: string = (createRequire(import.meta.url)("../../package.json") as { version: string })
  .version;
