/** What garbage collection needs of an open store. */
import type { Backend } from "@datadb/backends";
import type { HashAlgorithm, Operation } from "@datadb/protocol";
import type { ContentCache } from "../blobs/content-cache.ts";
import type { NameIndex } from "../blobs/name-index.ts";
import type { Leases, View } from "../database.ts";
import type { Encoder } from "../encoder/encoder.ts";
import type { Protection } from "./protection.ts";

export interface GcParts {
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  readonly storeId: Buffer;
  readonly index: NameIndex;
  readonly view: View;
  readonly leases: Leases;
  readonly protection: Protection;
  readonly encoder: Encoder;
  readonly nodes: ContentCache;
  /** What is kept aside for a full disk: given up while one collects, who is told whether the disk is full. */
  readonly reserve: { releaseToCollect(): Promise<boolean>; restore(): Promise<void> };
  /** Operations of commits that may be in the log and are not in the view. */
  uncertain(): readonly Operation[];
  /** Writes a checkpoint if the log has grown since the last one; waits for one that is being written. */
  checkpoint(): Promise<void>;
  /** Makes accepted blobs durable. */
  flush(): Promise<void>;
  /** Notes in local/, durably, that nodes may lack what they refer to, or no longer. */
  markSweep(sweeping: boolean): Promise<void>;
  /** Gives back what deleted entries of the index take. */
  trim(): Promise<unknown>;
  progress(phase: string, done: number, total: number): void;
  /** Ends a sweep that failed half-way. */
  unfinished: (() => Promise<void>) | null;
}
