/** Operations that wait for their commit, with the view that they make. */
import {
  type HashAlgorithm,
  MAX_TRANSACTION_BYTES,
  type Operation,
  TransactionTooBigError,
} from "@datadb/protocol";
import type { Transaction, View } from "../database.ts";
import { applyOperation } from "../keyspace/apply/apply.ts";
import { createOverlay } from "../keyspace/overlay-view.ts";
import { operationBytes } from "./operation-bytes.ts";

/** The error for operations that are more than one commit may hold. */
export function transactionTooBig(bytes: number): TransactionTooBigError {
  return new TransactionTooBigError(
    `the transaction has ${bytes} bytes, and may have ${MAX_TRANSACTION_BYTES}`,
    "commit in smaller steps",
  );
}

/** An empty transaction over `base`. */
export function createTransaction(base: View, hash: HashAlgorithm): Transaction {
  const view = createOverlay(base);
  const operations: Operation[] = [];
  let bytes = 0;
  return {
    view,
    operations,
    get bytes() {
      return bytes;
    },
    add(operation) {
      const more = operationBytes(operation);
      if (bytes + more > MAX_TRANSACTION_BYTES) throw transactionTooBig(bytes + more);
      const result = applyOperation(view, operation, hash);
      const remember = (value: number): number => {
        operations.push(operation);
        bytes += more;
        return value;
      };
      return result instanceof Promise ? result.then(remember) : remember(result);
    },
  };
}
