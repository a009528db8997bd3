/** Keys and passphrases as lines for people and as records. */
import type { KeySlot } from "@datadb/server";
import { printable } from "../output/printable.ts";

/** The fields of a record. */
export function keyFields({ id, type, created, label, current }: KeySlot): Record<string, unknown> {
  return { id, kind: type, created: new Date(created).toISOString(), label, current };
}

/** As it is called in a sentence. */
export function keyName({ id, type, label }: KeySlot): string {
  return `${type} ${id}${label === "" ? "" : ` (${printable(label)})`}`;
}
