/** Strings. */
import type { View } from "../database.ts";
import { expectType } from "./header.ts";

/** The value as a view that must not be changed, or null. Throws WRONGTYPE. */
export function readString(view: View, database: Buffer, key: Buffer): Buffer | null {
  const header = expectType(view.header(database, key), "string");
  return header === undefined ? null : header.subarray(1);
}
