/** One stream on its way into slabs: bytes are cut into chunks, chunks into a list. */
import { type EmitNode, type HashAlgorithm, ListBuilder, type StreamRef } from "@datadb/protocol";
import type { Chunker } from "../chunker/chunker.ts";
import type { SlabPacker } from "./slab-packer.ts";

/** Where in `packer.view` the next bytes of a stream go, and how many. */
interface Room {
  at: number;
  bytes: number;
}

/** A stream being written, alone in its packer. Callers ask for room, fill some of it, and say how much. */
export interface ContentStream {
  /** Room in the slab at hand; null when there is none. */
  room(): Room | null;
  /** Room in another slab. */
  freshRoom(): Promise<Room>;
  /** The next `bytes` bytes of the stream are where room() said. */
  filled(bytes: number): void;
  /** A run of zeros that is not stored. */
  hole(bytes: number): void;
  finish(): { ref: StreamRef; bytes: number; chunks: number };
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
    room() {
      const bytes = packer.free - begun;
      return bytes > 0 ? { at: packer.position + begun, bytes } : null;
    },
    async freshRoom() {
      const length = begun;
      packer.view.copy(kept, 0, packer.position, packer.position + length);
      packer.flush();
      await packer.ensure(chunker.max * 2);
      kept.copy(packer.view, packer.position, 0, length);
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
