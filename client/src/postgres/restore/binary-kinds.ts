/** Which columns' values are given to the server in COPY's binary format, and in which form. */
import type { ColumnFacts } from "../catalogue/columns.ts";

interface Kind {
  types: readonly string[];
  /** Bytes of a value; 0 where it depends on it. */
  width: number;
}

/** In the order of the numbers that assembly/binary-rows.ts has for them. */
const KINDS: readonly Kind[] = [
  { types: ["text", "varchar", "bpchar", "json"], width: 0 },
  { types: ["jsonb"], width: 0 },
  { types: ["int2"], width: 2 },
  { types: ["int4"], width: 4 },
  { types: ["int8"], width: 8 },
  { types: ["oid"], width: 4 },
  { types: ["bool"], width: 1 },
  { types: ["bytea"], width: 0 },
  { types: ["uuid"], width: 16 },
  { types: ["date"], width: 4 },
  { types: ["time"], width: 8 },
  { types: ["timestamp"], width: 8 },
  { types: ["timestamptz"], width: 8 },
  { types: ["numeric"], width: 8 },
];

/** How many columns a row has, and how long a value is. */
const COUNT_BYTES = 2;
const LENGTH_BYTES = 4;

/**
 * One byte of each column. Null for a table with a column of another type, and for one whose rows would become much longer: small
 * numbers. `rowBytes`: of a row's text.
 */
export function binaryKinds(columns: readonly ColumnFacts[], rowBytes: number): Uint8Array | null {
  const kinds = columns.map(({ type }) => KINDS.findIndex(({ types }) => types.includes(type ?? "")));
  if (columns.length === 0 || kinds.includes(-1)) return null;
  const least = kinds.reduce((sum, kind) => sum + LENGTH_BYTES + KINDS[kind]!.width, COUNT_BYTES);
  return least > rowBytes ? null : Uint8Array.from(kinds);
}
