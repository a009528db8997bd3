/** Hashes, encodes and verifies content, in worker threads. */
import type { BlobRecord } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

/** A record, after those that it needs, and the number of the one that it is to be encoded against. */
export interface AnewJob {
  readonly chain: readonly BlobRecord[];
  readonly base: number | null;
}

export interface Encoder {
  /**
   * The record of `content`, hashed and encoded. Takes the memory of `content` when the buffer is all of its ArrayBuffer: it is
   * empty for the caller afterwards. `chain`: a blob that `content` probably resembles, last, and before it the records it needs.
   */
  encode(kind: BlobKind, content: Buffer, chain?: readonly BlobRecord[]): Promise<BlobRecord>;
  /**
   * Whether the last record of each chain decodes to content that has its name; before it stand the records that it needs, the first
   * base first. All threads share the work.
   */
  verify(chains: readonly (readonly BlobRecord[])[]): Promise<boolean[]>;
  /**
   * Records of what is stored already, without the bases that they need now: see encodeAnew of protocol; null where that cannot be done. All
   * threads share the work.
   */
  encodeAnew(jobs: readonly AnewJob[]): Promise<(BlobRecord | null)[]>;
  /** Ends the workers; what runs is rejected. */
  close(): Promise<void>;
}
