/** What a backup refers to must be there when it becomes listed, and until then. */
import { LeaseLostError, type Operation } from "@datadb/protocol";
import type { BlobStore } from "../database.ts";
import { backupReferences } from "./backup-references.ts";

/**
 * Looks for the root (a node, which is only stored when all below it is) and the scan cache of every backup among the operations.
 * They stay until the function is called that it resolves with: no lease is needed for that, and no clock. Throws LEASE_LOST naming the first blob that
 * is not there, or condemned.
 */
export async function requireReferences(
  blobs: BlobStore,
  operations: readonly Operation[],
): Promise<() => void> {
  const needed = operations.flatMap((operation) => backupReferences(operation, blobs.hash));
  const { missing, release } = await blobs.claim(needed);
  if (missing === null) return release;
  const { kind, name } = missing;
  throw new LeaseLostError(`the backup refers to ${kind} ${name.toString("hex")}, which is not there`, {
    fields: { kind, name: name.toString("hex") },
  });
}
