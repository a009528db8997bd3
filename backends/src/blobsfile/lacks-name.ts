/** Asks an index for single names, without making a key for each. */
import { KIND_BYTE, type RecordKind } from "@datadb/protocol";
import type { RecordIndex } from "../record-index.ts";

/** Whether the index surely lacks the record of a name; false says nothing. Null for an index that never says so. */
export function lacksName(index: RecordIndex, kind: RecordKind): ((name: Buffer) => boolean) | null {
  if (index.lacks === undefined) return null;
  let key = Buffer.alloc(0);
  return (name) => {
    if (key.length !== 1 + name.length) key = Buffer.alloc(1 + name.length, KIND_BYTE[kind]);
    key.set(name, 1);
    return index.lacks!(key);
  };
}
