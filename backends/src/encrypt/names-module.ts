/** Loads the hashing of names, which is WebAssembly, and compiles it first when the backends run from their sources. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// By the package's name: bundled code lies elsewhere.
const ROOM = dirname(createRequire(import.meta.url).resolve("@datadb/backends/package.json"));
const SOURCE = join(ROOM, "assembly", "stored-names.ts");
const COMPILED = join(ROOM, "wasm", "stored-names.wasm");

/** assembly/stored-names.ts, compiled. Throws an Error when the build left none. */
export function namesModule(): WebAssembly.Module {
  if (import.meta.url.endsWith(".ts") && isStale()) build();
  return new WebAssembly.Module(readFileSync(COMPILED));
}

function isStale(): boolean {
  const compiled = statSync(COMPILED, { throwIfNoEntry: false });
  return compiled === undefined || compiled.mtimeMs < statSync(SOURCE).mtimeMs;
}

function build(): void {
  const words = [join(ROOM, "..", "build-wasm.js"), "backends"];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`assembly/ could not be compiled: npm run build:wasm\n${stderr}`);
}
