/** Names of databases that are not finished: they follow from the name that they will have, so that the next run finds them. */
import { createHash } from "node:crypto";

/** `new`: filled by a restore. `kept`: it was empty and is being filled. `old`: replaced, to be dropped. */
export type TemporaryRole = "new" | "kept" | "old";

const WORDS: Readonly<Record<TemporaryRole, string>> = {
  new: "datadb_restoring",
  kept: "datadb_filling",
  old: "datadb_replaced",
};

export function temporaryName(database: string, role: TemporaryRole): string {
  return `${WORDS[role]}_${createHash("sha256").update(database).digest("hex").slice(0, 12)}`;
}

/** The key of the advisory lock that one restore at a time holds. */
export function restoreLockKey(database: string): string {
  return createHash("sha256").update(`datadb restore ${database}`).digest().readBigInt64BE(0).toString();
}
