/** What one logged operation does to the keyspace: a function of the operation and the view alone, so that a replay gives the same. */
import type { HashAlgorithm, Operation } from "@datadb/protocol";
import type { OperationResult } from "../../database.ts";
import { stringHeader } from "../header.ts";
import type { WritableView } from "../overlay-view.ts";
import { applyBackup, applyForget, applyMark, applyPin, applyTag } from "./apply-backup.ts";
import { applyLadd, applyLdel, applySadd, applySrem } from "./apply-elements.ts";
import { applyHdel, applyHset } from "./apply-hash.ts";
import { clearElements, removeKey } from "./remove-key.ts";

function applySet(
  view: WritableView,
  { database, key, value }: Extract<Operation, { op: "set" }>,
): number | Promise<number> {
  const finish = (): number => {
    view.setHeader(database, key, stringHeader(value));
    return 1;
  };
  const clearing = clearElements(view, database, key);
  return clearing === undefined ? finish() : clearing.then(finish);
}

/**
 * Applies an operation. Asynchronous only when elements of a key are to be removed. An operation that throws (WRONGTYPE) has
 * changed nothing.
 */
export function applyOperation(
  view: WritableView,
  operation: Operation,
  hash: HashAlgorithm,
): OperationResult | Promise<OperationResult> {
  switch (operation.op) {
    case "set":
      return applySet(view, operation);
    case "del":
      return removeKey(view, operation.database, operation.key);
    case "hset":
      return applyHset(view, operation);
    case "hdel":
      return applyHdel(view, operation);
    case "sadd":
      return applySadd(view, operation);
    case "srem":
      return applySrem(view, operation);
    case "ladd":
      return applyLadd(view, operation);
    case "ldel":
      return applyLdel(view, operation);
    case "backup":
      return applyBackup(view, operation, hash);
    case "forget":
      return applyForget(view, operation.backup, hash);
    case "pin":
      return applyPin(view, operation.backup, true);
    case "unpin":
      return applyPin(view, operation.backup, false);
    case "tag":
      return applyTag(view, operation.backup, operation.tags);
    case "mark":
      return applyMark(view, operation.backup, operation.lost);
    case "checkpoint":
      return 1;
  }
}
