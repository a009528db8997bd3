/** One stream on its way into slabs: bytes are cut into chunks, chunks into a list. */
import { type EmitNode, type HashAlgorithm, ListBuilder } from "@datadb/protocol";
import type { Chunker } from "../chunker/chunker.ts";
import type { SlabPacker } from "./slab-packer.ts";

/** What names the content of a finished stream: neither field when it is empty. */
export interface ContentRef {
  chunk?: Buffer;
  list?: Buffer;
}

/** A stream being written. Callers ask for room, fill some of it, and say how much. */
export interface ContentStream {
  /** Resolves when there is room; then `packer.view` can be filled from the returned address, for so many bytes. */
  room(): Promise<{ at: number; bytes: number }>;
  /** The next `bytes` bytes of the stream are where room() said. No `await` may lie between. */
  filled(bytes: number): void;
  /** A run of zeros that is not stored. */
  hole(bytes: number): void;
  finish(): { ref: ContentRef; bytes: number; chunks: number };
}

/** Begins a stream. `chunker` is its own until finish; nodes of its list go to `emit`, children first. */
export function contentStream(
  packer: SlabPacker,
  chunker: Chunker,
  hash: HashAlgorithm,
  emit: EmitNode,
): ContentStream {
  const list = new ListBuilder(hash, emit);
  /** The begun chunk: in the slab behind `packer.position`, or here while another slab is awaited. */
  const kept = Buffer.allocUnsafeSlow(chunker.max);
  let begun = 0;
  chunker.restart();

  const endChunk = (to: number): void => {
    const length = to - packer.position;
    list.add({ name: packer.add(to), length });
  };
  const endLast = (): void => {
    if (begun > 0) endChunk(packer.position + begun);
    begun = 0;
    chunker.restart();
  };

  return {
    async room() {
      if (packer.free <= begun) {
        const length = begun;
        packer.view.copy(kept, 0, packer.position, packer.position + length);
        await packer.ensure(chunker.max * 2);
        kept.copy(packer.view, packer.position, 0, length);
      }
      return { at: packer.position + begun, bytes: packer.free - begun };
    },
    filled(bytes) {
      const from = packer.position + begun;
      for (const end of chunker.cut(from, from + bytes)) endChunk(end);
      begun = from + bytes - packer.position;
    },
    hole(bytes) {
      endLast();
      list.add({ name: null, length: bytes });
    },
    finish() {
      endLast();
      return list.finish();
    },
  };
}
