/** A store's side for backends under test: a simulated disk, an index in memory, and the warnings collected. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendConfig } from "../backend-options.ts";
import { createMemoryIndex, type MemoryIndex } from "../memory-index.ts";
import { openBackend } from "../open-backend.ts";
import {
  createSimulatedFileSystem,
  type SimulatedFileSystem,
  type Survival,
} from "./simulated-file-system.ts";

/** The id of every simulated store. */
export const SIMULATED_STORE_ID: Buffer = Buffer.from("00112233445566778899aabbccddeeff", "hex");

/** The directory of a simulated store. */
export const SIMULATED_DIRECTORY = "/store";

/** One simulated store. */
export interface SimulatedStore {
  readonly disk: SimulatedFileSystem;
  readonly indexes: Map<string, MemoryIndex>;
  readonly warnings: string[];
  /** What opening found beyond the index, as `kind hex`. */
  readonly recovered: string[];
  open(config?: BackendConfig): Promise<Backend>;
  /** The store after a power cut: what the index had been told survives, of the disk what `survival` says. */
  crash(survival?: Survival): SimulatedStore;
}

/** Packs so small that a few records fill one. */
export const SMALL_PACKS: BackendConfig = { blobsfile: { path: "blobs", maxPackBytes: 4096 } };

/** A store over a disk that is there already. */
export function simulatedStore(
  hash: HashAlgorithm = "sha256",
  disk: SimulatedFileSystem = createSimulatedFileSystem(),
  indexes: Map<string, MemoryIndex> = new Map(),
): SimulatedStore {
  const warnings: string[] = [];
  const recovered: string[] = [];
  return {
    recovered,
    disk,
    indexes,
    warnings,
    open: (config = SMALL_PACKS) =>
      openBackend(config, {
        storeId: SIMULATED_STORE_ID,
        hash,
        directory: SIMULATED_DIRECTORY,
        index(path) {
          const index = indexes.get(path) ?? createMemoryIndex();
          indexes.set(path, index);
          return index;
        },
        warn: (message) => warnings.push(message),
        recovered: (kind, names) => {
          recovered.push(...names.map((name) => `${kind} ${name.toString("hex")}`));
        },
        fs: disk,
      }),
    crash(survival) {
      const copies = [...indexes].map(([path, index]) => [path, index.copy()] as const);
      return simulatedStore(hash, disk.crash(survival), new Map(copies));
    },
  };
}
