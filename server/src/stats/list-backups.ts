/** All listed backups, series by series. */
import { type HashAlgorithm, hashLength, parseHex } from "@datadb/protocol";
import type { View } from "../database.ts";
import { hashEntries } from "../keyspace/read-hash.ts";
import { listRange } from "../keyspace/read-list.ts";
import { setMembers } from "../keyspace/read-set.ts";
import { RESERVED_DATABASE as database, RESERVED_KEYS } from "../keyspace/reserved-database.ts";

/** A backup as the keyspace has it. */
export interface ListedBackup {
  /** Hex. */
  readonly id: string;
  readonly snapshot: string;
  /** The root meta; null when the field is no name. */
  readonly ref: Buffer | null;
  readonly fields: ReadonlyMap<string, Buffer>;
}

export async function* listBackups(view: View, hash: HashAlgorithm): AsyncGenerator<ListedBackup> {
  for (const snapshot of await setMembers(view, database, RESERVED_KEYS.snapshots)) {
    for (const [, id] of await listRange(view, database, snapshot)) {
      const entries = await hashEntries(view, database, id);
      const fields = new Map(entries.map(([field, value]) => [field.toString(), value]));
      const ref = parseHex(fields.get("ref") ?? "", hashLength(hash)) ?? null;
      yield { id: id.toString("latin1"), snapshot: snapshot.toString("latin1"), ref, fields };
    }
  }
}

/** The root and scan cache of a listed backup; null when it is not listed. */
export async function findBackup(
  view: View,
  hash: HashAlgorithm,
  id: string,
): Promise<{ kind: "data" | "node"; name: Buffer }[] | null> {
  const entries = await hashEntries(view, database, Buffer.from(id));
  const fields = new Map(entries.map(([field, value]) => [field.toString(), value]));
  const ref = parseHex(fields.get("ref") ?? "", hashLength(hash));
  if (ref === undefined) return null;
  const cache = cacheOf({ fields }, hash);
  return [{ kind: "node", name: ref }, ...(cache === null ? [] : [cache])];
}

/** The scan cache of a backup: `chunk:<hex>` or `list:<hex>:<bytes>`. */
export function cacheOf(
  { fields }: Pick<ListedBackup, "fields">,
  hash: HashAlgorithm,
): { kind: "data" | "node"; name: Buffer } | null {
  const [form, hex = ""] = fields.get("cache")?.toString("latin1").split(":") ?? [];
  const name = parseHex(hex, hashLength(hash));
  return name === undefined ? null : { kind: form === "list" ? "node" : "data", name };
}
