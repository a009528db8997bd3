/** Makes the chunker that a store's facts ask for. */
import type { Chunker, ChunkerParameters } from "./chunker.ts";
import { fastCdcChunker } from "./fastcdc.ts";
import { fastCdcModule } from "./wasm-module.ts";

/** A chunker for bytes that lie in `memory`. One for each thread: it is not to be shared. */
export async function openChunker(
  memory: WebAssembly.Memory,
  parameters: ChunkerParameters,
): Promise<Chunker> {
  if (parameters.algorithm === "rabin") {
    const { rabinChunker } = await import("./rabin.ts");
    return await rabinChunker(memory, parameters);
  }
  return fastCdcChunker(fastCdcModule(), memory, parameters);
}
