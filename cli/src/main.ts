/** The command's entry: everything that belongs to the process (signals, pipes, exit code), and nothing else. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { xdgDirectory } from "./store/xdg-directory.ts";

// Not Node's default place: /tmp is everybody's, and compiled code from there would be run.
enableCompileCache(join(xdgDirectory("XDG_CACHE_HOME", ".cache", process.env), "datadb", "compiled"));
const { runProcess } = await import("./run-process.ts");
await runProcess(process.argv.slice(2));
