/** One stream on its way into slabs: bytes are cut into chunks, chunks into a list. */
import { type HashAlgorithm, ListBuilder, type StreamRef } from "@datadb/protocol";
import type { Chunker } from "../chunker/chunker.ts";
import type { EmitWithBase } from "./node-collector.ts";
import type { SlabPacker } from "./slab-packer.ts";
import type { StreamBases } from "./stream-bases.ts";

/** Where in `packer.view` the next bytes of a stream go, and how many. */
interface Room {
  at: number;
  bytes: number;
}

/** A stream being written, alone in its packer. Callers ask for room, fill some of it, and say how much. */
export interface ContentStream {
  /** Room in the slab at hand; null when there is none. */
  room(): Room | null;
  /** Room in another slab; meanwhile more of the previous version is read. */
  freshRoom(): Promise<Room>;
  /** The next `bytes` bytes of the stream are where room() said. */
  filled(bytes: number): void;
  /** A run of zeros that is not stored. */
  hole(bytes: number): void;
  finish(): { ref: StreamRef; bytes: number; chunks: number };
}

/** What a stream is made with. */
export interface ContentTools {
  packer: SlabPacker;
  /** The stream's own until finish. */
  chunker: Chunker;
  hash: HashAlgorithm;
  /** Takes the nodes of its list, children first. */
  emit: EmitWithBase;
}

/** Begins a stream. `bases`: what its chunks and nodes may be encoded against. */
export function contentStream(
  { packer, chunker, hash, emit }: ContentTools,
  bases?: StreamBases,
): ContentStream {
  const list = new ListBuilder(
    hash,
    bases ? (name, content) => emit(name, content, bases.node(name, content)) : emit,
  );
  /** The begun chunk: in the slab behind `packer.position`, or here while another slab is awaited. */
  const kept = Buffer.allocUnsafeSlow(chunker.max);
  let begun = 0;
  chunker.restart();

  const endChunk = (to: number): void => {
    const length = to - packer.position;
    const name = packer.add(to);
    const base = bases?.chunk(name, length);
    if (base !== undefined) packer.hint(base);
    list.add({ name, length });
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
      await bases?.readOn();
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
      bases?.hole(bytes);
      list.add({ name: null, length: bytes });
    },
    finish() {
      endLast();
      return list.finish();
    },
  };
}
