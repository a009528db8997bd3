/** Hashes, encodes and verifies content, in worker threads. */
import type { BlobRecord } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

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
  /** Ends the workers; what runs is rejected. */
  close(): Promise<void>;
}
