/** What decoding threads are told and answer. */
import type { BlobRecord, HashAlgorithm } from "@datadb/protocol";
import type { Arena } from "./slab-pool.ts";

/** A slab, as another thread is told of it. */
export interface ToldSlab {
  /** See Arena. */
  arena: number | null;
  /** Null when the thread knows the arena. */
  memory: SharedArrayBuffer | null;
  offset: number;
}

/** A record without its payload, which is [from, to) of the job's payloads. */
export interface PackedRecord extends Omit<BlobRecord, "payload" | "name" | "base"> {
  name: Uint8Array;
  base: Uint8Array | null;
  from: number;
  to: number;
}

/** Records that were read already. */
export interface DecodeJob {
  kind: "decode";
  hash: HashAlgorithm;
  payloads: ToldSlab;
  /** Where contents go, one behind the other. */
  contents: ToldSlab;
  /** Chains: a blob's record last, its bases before it. */
  chains: PackedRecord[][];
}

/** Records that the thread reads itself. */
export interface ReadJob {
  kind: "read";
  hash: HashAlgorithm;
  /** Where contents go, one behind the other, each with room for its length. */
  contents: ToldSlab;
  /** One behind the other. */
  names: Uint8Array;
  /** Four numbers a record: descriptor (negative: it cannot be read here), offset, size of the record, length of the content. */
  places: Float64Array;
}

export interface DecodeRequest {
  id: number;
  job: DecodeJob | ReadJob;
}

/** For each content null, or why it cannot be had. */
export interface DecodeResult {
  id: number;
  errors: (string | null)[];
}

/** How one thread is told of slabs: each arena goes there once. */
export type TellSlab = (slab: { arena: Arena; offset: number }) => ToldSlab;

export function slabTeller(): TellSlab {
  const known = new Set<number>();
  return ({ arena: { id, memory }, offset }) => {
    if (id !== null && known.has(id)) return { arena: id, memory: null, offset };
    if (id !== null) known.add(id);
    return { arena: id, memory, offset };
  };
}
