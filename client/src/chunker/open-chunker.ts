/** Makes the chunkers that a store's facts ask for. */
import type { ChunkerParameters } from "@datadb/protocol";
import type { Chunker } from "./chunker.ts";
import { gearChunker } from "./gear.ts";
import { wasmModule } from "./wasm-module.ts";

/** A maker of chunkers for bytes that lie in `memory`; streams that are cut at the same time need one each. */
export async function chunkerFactory(
  memory: WebAssembly.Memory,
  parameters: ChunkerParameters,
): Promise<() => Chunker> {
  const { algorithm } = parameters;
  if (algorithm === "rabin") {
    const { rabinChunkers } = await import("./rabin.ts");
    return await rabinChunkers(memory, parameters);
  }
  const module = wasmModule("gear");
  return () => gearChunker(module, memory, { ...parameters, algorithm });
}
