/** What the parts of the blob store share. */
import type { Backend } from "@datadb/backends";
import type { HashAlgorithm } from "@datadb/protocol";
import type { Encoder } from "../encoder/encoder.ts";
import type { Protection } from "../gc/protection.ts";
import type { ByteGate } from "./byte-gate.ts";
import type { ContentCache } from "./content-cache.ts";
import type { InFlight } from "./in-flight.ts";

export interface BlobState {
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  readonly encoder: Encoder;
  /** False while something that was stored may be gone. */
  whole(): boolean;
  readonly inFlight: InFlight;
  /** Bytes of content and payloads between a put's begin and its acceptance. */
  readonly gate: ByteGate;
  readonly nodes: ContentCache;
  /** Rejects with DISK_FULL when there is no room for more content; undefined: there is. */
  room(): Promise<void> | undefined;
  /** Keeps away the sweep of a garbage collection. */
  readonly protection: Protection;
  /** Hashes that are being computed: names that may turn out to be a node's children. */
  readonly hashing: Set<Promise<unknown>>;
  /** Names of nodes that no flush covered, in the order of their puts. */
  unflushed: Buffer[];
  /** Records that backends had lost at the last look. */
  lost: number;
}
