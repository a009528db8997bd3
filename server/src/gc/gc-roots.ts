/** What a collection begins with: all that somebody relies on, now or when the log is replayed. */
import type { HashAlgorithm, Operation } from "@datadb/protocol";
import type { Leases, View } from "../database.ts";
import { backupReferences } from "../log/backup-references.ts";
import { cacheOf, listBackups } from "../stats/list-backups.ts";
import type { GcCycle } from "./gc-cycle.ts";
import type { Protection } from "./protection.ts";

export interface RootSource {
  readonly view: View;
  readonly hash: HashAlgorithm;
  readonly leases: Leases;
  readonly protection: Protection;
  /** Operations of commits that are in the log, or may be, and not in the view. */
  uncertain(): readonly Operation[];
  /** Roots of the trees of the checkpoints that a rebuild may begin with. */
  readonly checkpoints: readonly Buffer[];
}

/** Marks them all; what they need is followed later. */
export async function markRoots(cycle: GcCycle, source: RootSource, signal?: AbortSignal): Promise<void> {
  const { view, hash, leases, protection, checkpoints } = source;
  for (const root of checkpoints) cycle.markRoot("node", root);
  // Before the view: a commit that ends meanwhile is in one of them.
  for (const operation of source.uncertain())
    for (const { kind, name } of backupReferences(operation, hash)) cycle.markRoot(kind, name);
  for (const claim of [...protection.claims]) for (const { kind, name } of claim) cycle.markRoot(kind, name);
  for await (const backup of listBackups(view, hash)) {
    signal?.throwIfAborted();
    if (backup.ref !== null) cycle.markRoot("node", backup.ref);
    const cache = cacheOf(backup, hash);
    if (cache !== null) cycle.markRoot(cache.kind, cache.name);
  }
  for await (const { id } of leases.list()) {
    for await (const names of leases.protectedBy(id)) {
      signal?.throwIfAborted();
      for (const { kind, name } of names) cycle.markRoot(kind, name);
    }
  }
}
