/** FastCDC, and cuts by the same hash without regard to sizes: in WebAssembly, run on the slabs where they are. */
import type { ChunkerParameters } from "@datadb/protocol";
import type { Chunker } from "./chunker.ts";

interface Exports {
  configure(min: number, avg: number, max: number, bits: number, level: number): void;
  restart(): void;
  next(from: number, to: number): number;
}

/** How much harder a cut is before the normal size than after it: the sizes of FastCDC gather around it. */
const LEVELS = { gear: 0, fastcdc: 2 };

/**
 * A chunker over `memory`. Each chunker is an instance of its own, so several may cut different
 * slabs of one memory at the same time.
 */
export function gearChunker(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  { algorithm, min, avg, max }: ChunkerParameters & { algorithm: keyof typeof LEVELS },
): Chunker {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const wasm = instance.exports as Exports;
  wasm.configure(min, avg, max, Math.round(Math.log2(avg)), LEVELS[algorithm]);
  return {
    min,
    max,
    restart: wasm.restart,
    cut(from, to) {
      const ends: number[] = [];
      for (let at = from; at < to; ) {
        at = wasm.next(at, to);
        if (at === 0) break;
        ends.push(at);
      }
      return ends;
    },
  };
}
