/** Loads the compiled chunker, and compiles it first when the client runs from its sources. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const COMPILED = fileURLToPath(new URL("../../wasm/fastcdc.wasm", import.meta.url));
const SOURCE = fileURLToPath(new URL("../../assembly/fastcdc.ts", import.meta.url));
const BUILD = fileURLToPath(new URL("../../build-wasm.js", import.meta.url));

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
