/** Which columns' values are given to the server in COPY's binary format, and in which form. */
import type { ColumnFacts } from "../../catalogue/columns.ts";

interface Kind {
  /** As ColumnFacts has them. */
  readBy: readonly string[];
  /** Bytes of a value; 0 where it depends on it. */
  width: number;
}

/** What reads text and binary form alike. */
const TEXTS = [
  "textin textrecv",
  "varcharin varcharrecv",
  "bpcharin bpcharrecv",
  "namein namerecv",
  "json_in json_recv",
  "enum_in enum_recv",
];

/** In the order of the numbers that assembly/binary-rows.ts has for them. */
const KINDS: readonly Kind[] = [
  { readBy: TEXTS, width: 0 },
  { readBy: ["jsonb_in jsonb_recv"], width: 0 },
  { readBy: ["int2in int2recv"], width: 2 },
  { readBy: ["int4in int4recv"], width: 4 },
  { readBy: ["int8in int8recv"], width: 8 },
  { readBy: ["oidin oidrecv"], width: 4 },
  { readBy: ["boolin boolrecv"], width: 1 },
  { readBy: ["byteain bytearecv"], width: 0 },
  { readBy: ["uuid_in uuid_recv"], width: 16 },
  { readBy: ["date_in date_recv"], width: 4 },
  { readBy: ["time_in time_recv"], width: 8 },
  { readBy: ["timestamp_in timestamp_recv"], width: 8 },
  { readBy: ["timestamptz_in timestamptz_recv"], width: 8 },
  { readBy: ["numeric_in numeric_recv"], width: 8 },
  { readBy: ["float4in float4recv"], width: 4 },
  { readBy: ["float8in float8recv"], width: 8 },
];

/** How many columns a row has, and how long a value is. */
const COUNT_BYTES = 2;
const LENGTH_BYTES = 4;

/**
 * One byte of each column. Null for a table with a column of another type, and for one whose rows would become much longer: small
 * numbers. `rowBytes`: of a row's text.
 */
export function binaryKinds(columns: readonly ColumnFacts[], rowBytes: number): Uint8Array | null {
  const kinds = columns.map((column) =>
    KINDS.findIndex(({ readBy }) => readBy.includes(column.readBy ?? "")),
  );
  if (columns.length === 0 || kinds.includes(-1)) return null;
  const least = kinds.reduce((sum, kind) => sum + LENGTH_BYTES + KINDS[kind]!.width, COUNT_BYTES);
  return least > rowBytes ? null : Uint8Array.from(kinds);
}
