/** The `rabin` chunker: rabin-wasm, for stores whose cut points must be those of a Rabin fingerprint. */

import type { ChunkerParameters } from "@datadb/protocol";
import { create } from "rabin-wasm";
import type { Chunker } from "./chunker.ts";

const WINDOW_BYTES = 64;

/** The compiled module as rabin-wasm's loader gives it: a class, and calls on its counted memory. */
interface RabinModule {
  Rabin: new (bits: number, min: number, max: number, window: number) => Instance;
  Int32Array_ID: number;
  Uint8Array_ID: number;
  __allocArray(id: number, values: ArrayLike<number>): number;
  __retain(pointer: number): number;
  __release(pointer: number): void;
  __getInt32Array(pointer: number): Int32Array;
}

/** The loader's methods live on the prototype; `valueOf` gives the pointer. */
interface Instance {
  fingerprint(bytes: number, lengths: number): number;
}

/**
 * A maker of Rabin chunkers over `memory`. The library's faults are kept in here: it wants bits instead of an
 * average, leaks each call's result, tells nothing of the tail, has neither flush nor reset (so a stream gets
 * an instance of its own), and keeps its tables once per module (so all have the same parameters).
 */
export async function rabinChunkers(
  memory: WebAssembly.Memory,
  p: ChunkerParameters,
): Promise<() => Chunker> {
  const bits = Math.round(Math.log2(p.avg));
  const { asModule } = (await create(bits, p.min, p.max, WINDOW_BYTES)) as { asModule: RabinModule };
  const bytes = new Uint8Array(memory.buffer);
  return () => rabinChunker(asModule, bytes, bits, p);
}

function rabinChunker(
  asModule: RabinModule,
  bytes: Uint8Array,
  bits: number,
  { min, max }: ChunkerParameters,
): Chunker {
  let instance = new asModule.Rabin(bits, min, max, WINDOW_BYTES);
  let sinceCut = 0;
  return {
    min,
    max,
    restart() {
      instance = new asModule.Rabin(bits, min, max, WINDOW_BYTES);
      sinceCut = 0;
    },
    cut(from, to) {
      if (from === to) return [];
      let at = from - sinceCut;
      const most = Math.ceil((to - from + sinceCut) / min) + 1;
      const ends = fingerprint(asModule, instance, bytes.subarray(from, to), most).map((length) => {
        at += length;
        return at;
      });
      sinceCut = to - at;
      return ends;
    },
  };
}

/** Lengths of the chunks that end in `fed`; every array of the call is released, also the returned one. */
function fingerprint(m: RabinModule, instance: Instance, fed: Uint8Array, most: number): number[] {
  const lengths = m.__retain(m.__allocArray(m.Int32Array_ID, new Int32Array(most)));
  const content = m.__retain(m.__allocArray(m.Uint8Array_ID, fed));
  const result = instance.fingerprint(content, lengths);
  const found = m.__getInt32Array(result);
  const end = found.indexOf(0);
  const copy = Array.from(end < 0 ? found : found.subarray(0, end));
  m.__release(result);
  m.__release(content);
  m.__release(lengths);
  return copy;
}
