/** What stands between the blob store and a running garbage collection: who relies on a blob says so here. */
import type { BlobKind } from "../database.ts";
import { createSweepLock, type SweepLock } from "./sweep-lock.ts";

/** What a collection under way is told, and says. */
export interface CycleGuard {
  /** Somebody relies on these blobs from now on: they stay, with all that they refer to and need. */
  keep(kind: BlobKind, names: readonly Buffer[]): void;
  /** Of names that are there: 0 for those that are condemned and cannot be revived as they are; others are kept. */
  revive(kind: BlobKind, names: readonly Buffer[], there: Uint8Array): void;
  /** Of names that are about to be put: those whose condemned record must go first, so that the new one is kept. */
  obsolete(kind: BlobKind, names: readonly Buffer[]): Buffer[];
}

/** One for each store. */
export interface Protection extends SweepLock {
  /** The collection under way. */
  cycle: CycleGuard | null;
  /** Roots of backups whose commit is on its way. */
  readonly claims: Set<readonly { kind: BlobKind; name: Buffer }[]>;
}

export function createProtection(): Protection {
  return { ...createSweepLock(), cycle: null, claims: new Set() };
}
