/** Which commands may be sent again when it is not known whether they were carried out. */
import { COMMANDS } from "@datadb/protocol";

/** Repeating these leaves the same state and, for the caller, an answer that means the same. */
const REPEATABLE = new Set([
  "bput",
  "check",
  "done",
  "gc",
  "set",
  "tag",
  "lease",
  "mark",
  "pin",
  "unpin",
  "txinit",
  "txcommit",
  "txdiscard",
  "select",
]);

/** Reads, and writes that are idempotent. */
export function mayRepeat(name: string): boolean {
  const spec = COMMANDS.get(name.toLowerCase());
  if (spec === undefined) return false;
  return spec.flags.includes("readonly") || spec.right === "read" || REPEATABLE.has(spec.name);
}
