/** Rows whose text is longer than the server can make. */
import type { DatadbError } from "@datadb/protocol";

/** SQLSTATEs of a text beyond a gigabyte: the limit of a string, and that of one piece of memory. */
const TOO_LONG = new Set(["54000", "XX000"]);
const SAID = /cannot enlarge string buffer|invalid memory alloc request size|out of memory/i;

/** The path of the table that must be read in the binary format, where a field takes half of its text; null for other errors. */
export function tooLongTable({ message, fields }: DatadbError): string | null {
  const { sqlstate, table } = fields as { sqlstate?: string; table?: string };
  return sqlstate !== undefined && TOO_LONG.has(sqlstate) && SAID.test(message) ? (table ?? null) : null;
}
