/** What keeps records: the contract, the backends behind it, and the way from configuration to backend. */
export type {
  Backend,
  Capabilities,
  DamagedRange,
  PackFacts,
  PackListing,
  RecordInfo,
  ReindexSummary,
} from "./backend.ts";
export type { BackendContext } from "./backend-context.ts";
export type { BackendConfig } from "./backend-options.ts";
export { coldIn } from "./cold-in.ts";
export type { ColdStorage, Tier } from "./cold-storage.ts";
export { type Trial, tryContract } from "./contract/try-contract.ts";
export { type DistantReads, distantIn } from "./distant-reads.ts";
export type { Secret } from "./encrypt/key-slots.ts";
export { parseSecret, readSecret, type SecretType } from "./encrypt/read-secret.ts";
export { type KeySlot, type StoreKeys, storeKeysOf } from "./encrypt/store-keys.ts";
export type { FileHandle, FileSystem, OpenMode } from "./file-system.ts";
export { makeDirectories } from "./make-directories.ts";
export { createMemoryBackend } from "./memory/open-memory.ts";
export { createMemoryIndex } from "./memory-index.ts";
export type { MemberStatus, MirrorCare } from "./mirror/mirror-care.ts";
export { nodeFileSystem } from "./node-file-system.ts";
export { openBackend } from "./open-backend.ts";
export { readOnly } from "./read-only/open-read-only.ts";
export type { RecordIndex } from "./record-index.ts";
