/** Names for files that are not complete yet, in the directory in which they will be renamed. */
import { randomBytes } from "node:crypto";

let prefix: string | undefined;
let count = 0;

/** `.datadb-` and random digits; never the same twice. */
export function temporaryName(): Buffer {
  prefix ??= `.datadb-${randomBytes(6).toString("hex")}`;
  return Buffer.from(`${prefix}${(count++).toString(36)}`);
}
