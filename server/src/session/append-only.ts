/** What the right append may not do: replace. Adding the same again is no replacing. */
import type { Operation } from "@datadb/protocol";
import type { View } from "../database.ts";
import { notPermitted, notReplaceable } from "../dispatch/reply-errors.ts";
import { hashGet, keyType, listGet, readString } from "../keyspace/index.ts";
import type { Session } from "./session.ts";

/** Throws NOPERM when one of the operations would overwrite or remove something that the view has. */
export function refuseReplacing(session: Session, view: View, operations: readonly Operation[]): void {
  const user = session.user?.name ?? "";
  for (const operation of operations) {
    const replaced = whatIsReplaced(view, operation);
    if (replaced === null) continue;
    throw replaced === undefined ? notPermitted(user, operation.op) : notReplaceable(user, replaced);
  }
}

/** Null: nothing; undefined: the operation removes by its nature. */
function whatIsReplaced(view: View, operation: Operation): string | null | undefined {
  switch (operation.op) {
    case "set": {
      const { database, key, value } = operation;
      const type = keyType(view, database, key);
      if (type === null) return null;
      const same = type === "string" && readString(view, database, key)?.equals(value);
      return same ? null : `the key '${key.toString("latin1")}'`;
    }
    case "hset": {
      const { database, key, entries } = operation;
      const found = entries.find(([field, value]) => differs(hashGet(view, database, key, field), value));
      return found === undefined ? null : `the field '${found[0].toString("latin1")}'`;
    }
    case "ladd": {
      const { database, key, entries } = operation;
      const found = entries.find(([index, value]) => differs(listGet(view, database, key, index), value));
      return found === undefined ? null : `the index ${found[0]}`;
    }
    case "sadd":
    case "backup":
      return null;
    default:
      return undefined;
  }
}

function differs(there: Buffer | null, value: Buffer): boolean {
  return there !== null && !there.equals(value);
}
