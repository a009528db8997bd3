/** What a backup refers to must be there when it becomes listed. */
import {
  type BackupOperation,
  type HashAlgorithm,
  hashLength,
  LeaseLostError,
  type Operation,
  parseHex,
} from "@datadb/protocol";
import type { BlobKind, BlobStore } from "../database.ts";

/** The blob that the field `cache` names: `chunk:<hex>` or `list:<hex>:<bytes>`. */
function cacheReference(
  { fields }: BackupOperation,
  hash: HashAlgorithm,
): { kind: BlobKind; name: Buffer } | undefined {
  const value = fields.find(([field]) => field.toString("latin1") === "cache")?.[1].toString("latin1");
  const [form, hex = ""] = value?.split(":") ?? [];
  const name = parseHex(hex, hashLength(hash));
  if (name === undefined) return undefined;
  return { kind: form === "list" ? "node" : "data", name };
}

/**
 * Looks for the root (a node, which is only stored when all below it is) and the scan cache of every backup among the operations.
 * Throws LEASE_LOST naming the first blob that is not there.
 */
export async function requireReferences(blobs: BlobStore, operations: readonly Operation[]): Promise<void> {
  for (const operation of operations) {
    if (operation.op !== "backup") continue;
    const cache = cacheReference(operation, blobs.hash);
    const needed = [{ kind: "node" as BlobKind, name: operation.ref }, ...(cache ? [cache] : [])];
    for (const { kind, name } of needed) {
      // Its size, not whether it exists: what is still on its way counts as existing, and may come to nothing.
      const [size] = await blobs.sizeMany(kind, [name]);
      if (size === null) {
        throw new LeaseLostError(`the backup refers to ${kind} ${name.toString("hex")}, which is not there`, {
          fields: { kind, name: name.toString("hex") },
        });
      }
    }
  }
}
