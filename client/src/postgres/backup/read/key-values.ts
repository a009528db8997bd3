/** The values of a key in a row as COPY gives it. */
import { copyValue } from "./copy-value.ts";

/** Of the row at [from, to) of `view`: the values of the fields `key`, in that order. None of them is null. */
export function keyValues(view: Buffer, from: number, to: number, key: readonly number[]): string[] {
  const fields = view.toString("utf8", from, to - 1).split("\t");
  return key.map((field) => copyValue(fields[field]!));
}
