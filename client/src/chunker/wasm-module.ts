/** Loads the compiled chunker, and compiles it first when the client runs from its sources. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// By the package's name: bundled code lies elsewhere.
const ROOM = dirname(createRequire(import.meta.url).resolve("@datadb/client/package.json"));
const COMPILED = join(ROOM, "wasm", "fastcdc.wasm");
const SOURCE = join(ROOM, "assembly", "fastcdc.ts");
const BUILD = join(ROOM, "build-wasm.js");

/** @throws Error when the build left no wasm/fastcdc.wasm. */
export function fastCdcModule(): WebAssembly.Module {
  if (import.meta.url.endsWith(".ts") && isStale()) build();
  return new WebAssembly.Module(readFileSync(COMPILED));
}

function isStale(): boolean {
  const compiled = statSync(COMPILED, { throwIfNoEntry: false });
  return compiled === undefined || compiled.mtimeMs < statSync(SOURCE).mtimeMs;
}

function build(): void {
  const { status, stderr } = spawnSync(process.execPath, [BUILD], { encoding: "utf8" });
  if (status !== 0)
    throw new Error(`the chunker could not be compiled: npm run build:wasm -w client\n${stderr}`);
}
