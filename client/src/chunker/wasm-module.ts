/** Loads what is compiled to WebAssembly, and compiles it first when the client runs from its sources. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// By the package's name: bundled code lies elsewhere.
const ROOM = dirname(createRequire(import.meta.url).resolve("@datadb/client/package.json"));
const SOURCES = join(ROOM, "assembly");
const BUILD = join(ROOM, "..", "build-wasm.js");

/** One of the files in assembly/. Throws an Error when the build left none of this name. */
export function wasmModule(name: "binary-rows" | "digest" | "gear" | "row-sum" | "rows"): WebAssembly.Module {
  const compiled = join(ROOM, "wasm", `${name}.wasm`);
  if (import.meta.url.endsWith(".ts") && isStale(compiled)) build();
  return new WebAssembly.Module(readFileSync(compiled));
}

/** A module may be made of several sources. */
function isStale(path: string): boolean {
  const compiled = statSync(path, { throwIfNoEntry: false });
  if (compiled === undefined) return true;
  const sources = readdirSync(SOURCES).map((name) => statSync(join(SOURCES, name)).mtimeMs);
  return compiled.mtimeMs < Math.max(...sources);
}

function build(): void {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { status, stderr } = spawnSync(process.execPath, [BUILD, "client"], { encoding: "utf8" });
  if (status !== 0)
    throw new Error(`assembly/ could not be compiled: npm run build:wasm -w client\n${stderr}`);
}
