/** What config.yaml says, checked; the file itself is read by read-config.ts. */

import type { BackendConfig } from "@datadb/backends";
import type { ChunkerParameters, HashAlgorithm } from "@datadb/protocol";
import type { Settings } from "../database.ts";

/** The newest format that this datadb reads and writes. Permanent once released. */
export const STORE_FORMAT = 1;

export interface StoreConfig {
  readonly format: number;
  /** 16 bytes in hex. */
  readonly id: string;
  readonly hash: HashAlgorithm;
  readonly timezone: string;
  readonly chunker: ChunkerParameters;
  readonly blobs: BackendConfig;
  /** What keeps the records of each other store, with paths below a directory of its own; null: none are kept. */
  readonly records: BackendConfig | null;
  /** The sections that others read: users, listeners, tls, http, limits. */
  readonly settings: Settings;
}

/** Sections that are passed on as they are. */
export const PASSED_SECTIONS: readonly string[] = ["users", "listeners", "tls", "http", "limits"];

/** What a new store cuts with; measured as the best compromise between growth and metadata. */
export const DEFAULT_CHUNKER: ChunkerParameters = {
  algorithm: "fastcdc",
  min: 16_384,
  avg: 65_536,
  max: 262_144,
};

/** Packs in the store's own directory. */
export const DEFAULT_BLOBS: BackendConfig = { blobsfile: { path: "blobs" } };
