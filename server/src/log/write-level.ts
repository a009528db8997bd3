/** Brings changes into LevelDB in one batch, with the head that they lead to. */
import type { ClassicLevel } from "classic-level";
import type { ChangeSet } from "../keyspace/change-set.ts";
import { type Level, levelError } from "../keyspace/open-level.ts";
import { elementPrefix, HEAD_KEY, headerKey } from "../keyspace/raw-key.ts";
import { encodeHead, type Head } from "./head.ts";
import type { TransactionIds } from "./transaction-ids.ts";

type Chained =
  ReturnType<ClassicLevel<Buffer, Buffer>["batch"]> extends infer Batch
    ? Extract<Batch, { put: unknown }>
    : never;

function addChanges(batch: Chained, changes: ChangeSet): void {
  for (const { database, keys } of changes.databases.values()) {
    for (const { key, header, elements } of keys.values()) {
      if (header === null) batch.del(headerKey(database, key));
      else if (header !== undefined) batch.put(headerKey(database, key), header);
      if (elements === null) continue;
      const prefix = elementPrefix(database, key);
      for (const { element, value } of elements.values()) {
        const raw = Buffer.concat([prefix, element]);
        if (value === null) batch.del(raw);
        else batch.put(raw, value);
      }
    }
  }
}

/** Writes one commit group. Rejects with DISK_FULL, DAMAGED, BACKEND_UNAVAILABLE; the batch is atomic. */
export async function writeLevel(
  level: Level,
  changes: ChangeSet,
  head: Head,
  transactions: ReturnType<TransactionIds["take"]>,
): Promise<void> {
  try {
    const batch = level.batch();
    addChanges(batch, changes);
    for (const [key, value] of transactions.puts) batch.put(key, value);
    for (const key of transactions.removes) batch.del(key);
    batch.put(HEAD_KEY, encodeHead(head));
    await batch.write();
  } catch (error) {
    throw levelError(level.location, error);
  }
}
