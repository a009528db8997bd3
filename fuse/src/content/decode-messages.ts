/** What decoding threads are told and answer. */
import type { BlobRecord, HashAlgorithm } from "@datadb/protocol";

/** A record without its payload, which is [from, to) of the job's payloads. */
export interface PackedRecord extends Omit<BlobRecord, "payload" | "name" | "base"> {
  name: Uint8Array;
  base: Uint8Array | null;
  from: number;
  to: number;
}

export interface DecodeJob {
  id: number;
  hash: HashAlgorithm;
  payloads: SharedArrayBuffer;
  /** Where contents go, one behind the other. */
  contents: SharedArrayBuffer;
  /** Chains: a blob's record last, its bases before it. */
  chains: PackedRecord[][];
}

/** For each chain null, or why its content cannot be had. */
export interface DecodeResult {
  id: number;
  errors: (string | null)[];
}
