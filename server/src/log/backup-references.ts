/** What the operation that lists a backup refers to. */
import { type HashAlgorithm, hashLength, type Operation, parseHex } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

/** The root, which is only stored when all below it is, and the scan cache (`chunk:<hex>` or `list:<hex>:<bytes>`). */
export function backupReferences(
  operation: Operation,
  hash: HashAlgorithm,
): { kind: BlobKind; name: Buffer }[] {
  if (operation.op !== "backup") return [];
  const found: { kind: BlobKind; name: Buffer }[] = [{ kind: "node", name: operation.ref }];
  const field = operation.fields.find(([name]) => name.toString("latin1") === "cache");
  const [form, hex = ""] = field?.[1].toString("latin1").split(":") ?? [];
  const name = parseHex(hex, hashLength(hash));
  if (name !== undefined) found.push({ kind: form === "list" ? "node" : "data", name });
  return found;
}
