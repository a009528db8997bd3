/** Tells damage from all else that can go wrong with a read. */
import { DatadbError } from "./datadb-error.ts";
import type { ErrorCode } from "./error-catalogue.ts";

const CODES: ReadonlySet<ErrorCode> = new Set(["DAMAGED", "DECODE", "HASH_MISMATCH", "NOT_AUTHENTIC"]);

/** Whether an error says that stored bytes are not what was written, in whatever way that was found out. */
export function isDamage(error: unknown): error is DatadbError {
  return error instanceof DatadbError && CODES.has(error.code);
}
