/** What decoding threads are told and answer. */
import type { BlobRecord, HashAlgorithm } from "@datadb/protocol";

/** A record without its payload, which is [from, to) of the job's bytes. */
export interface PackedRecord extends Omit<BlobRecord, "payload" | "name" | "base"> {
  name: Uint8Array;
  base: Uint8Array | null;
  from: number;
  to: number;
}

export interface DecodeJob {
  id: number;
  hash: HashAlgorithm;
  payloads: ArrayBuffer;
  /** Chains: a blob's record last, its bases before it. */
  chains: PackedRecord[][];
}

/** Verified contents in order; a text says why one cannot be had. */
export interface DecodeResult {
  id: number;
  contents: (Uint8Array | string)[];
}
