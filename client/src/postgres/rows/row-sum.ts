/**
 * A sum of hashes of rows that both sides can compute: PostgreSQL of the values in a table, this side of the text that COPY gives. Equal
 * sums of 64 bits, over equally many rows, mean equal rows, in any order: what has not changed need not be sent to know it.
 *
 * Columns are hashed one after another, each with the hash of those before it as seed, by functions of PostgreSQL that are there from
 * version 11 on: numbers by hashint4extended and hashint8extended, all others by hashtextextended of the text that they have in COPY.
 * The rest of the algorithm is in assembly/row-hash.ts.
 */
import pg from "pg";
import type { ColumnFacts } from "../catalogue/columns.ts";

/** How a row is summed up: crosses threads. */
export interface RowSum {
  /** Random, kept with the sums: they are comparable only with it. */
  seed: bigint;
  /** Columns, and by the bit of their place: numbers of up to four bytes, of eight, and what may be null. */
  columns: number;
  ints: bigint;
  longs: bigint;
  nullable: bigint;
  /** SQL: the hash of a row of the table that is called `t`. */
  hash: string;
}

/** What assembly/row-sum.ts exports, wherever it is part of. */
export interface RowSumExports {
  configureSum(seed: bigint, columns: number, ints: bigint, longs: bigint, nullable: bigint): void;
  addRow(from: number, to: number): number;
  summedRows(): number;
  takeSum(): bigint;
}

/** Columns whose place is a bit. */
const MOST_COLUMNS = 64;
/** Nulls that one number tells. */
const WORD_COLUMNS = 32;

const INTS = new Set(["int2", "int4"]);
const LONGS = new Set(["int8"]);
const TEXTS = new Set(["text", "varchar"]);
/** Types of which a cast to text gives what COPY gives. */
const CAST = new Set([
  "bytea",
  "date",
  "float4",
  "float8",
  "interval",
  "json",
  "jsonb",
  "numeric",
  "oid",
  "time",
  "timestamp",
  "timestamptz",
  "timetz",
  "uuid",
]);

/** Null for a table that cannot be summed up. Text must come in the encoding of the server. */
export function rowSum(columns: readonly ColumnFacts[], seed: bigint): RowSum | null {
  if (columns.length === 0 || columns.length > MOST_COLUMNS) return null;
  const bits = (chosen: (column: ColumnFacts) => boolean): bigint =>
    columns.reduce((all, column, i) => (chosen(column) ? all | (1n << BigInt(i)) : all), 0n);
  const nullable = bits(({ notNull }) => !notNull);
  let hash = `'${BigInt.asIntN(64, seed)}'::int8`;
  for (const column of columns) hash = hashOf(column, hash);
  for (let from = 0; from < columns.length; from += WORD_COLUMNS)
    hash = hashOfNulls(columns.slice(from, from + WORD_COLUMNS), hash);
  return {
    seed,
    columns: columns.length,
    ints: bits(({ type }) => INTS.has(type ?? "")),
    longs: bits(({ type }) => LONGS.has(type ?? "")),
    nullable,
    hash,
  };
}

function hashOf(column: ColumnFacts, before: string): string {
  const { type, notNull } = column;
  const name = `t.${pg.escapeIdentifier(column.name)}`;
  const or = (value: string, empty: string): string => (notNull ? value : `COALESCE(${value}, ${empty})`);
  if (INTS.has(type ?? ""))
    return `pg_catalog.hashint4extended(${or(type === "int4" ? name : `${name}::int4`, "0")}, ${before})`;
  if (LONGS.has(type ?? "")) {
    const value = or(name, "0");
    // It folds both halves into one, so the upper one follows alone.
    return `pg_catalog.hashint8extended(${value} >> 32, pg_catalog.hashint8extended(${value}, ${before}))`;
  }
  return `pg_catalog.hashtextextended(${or(textOf(type, name), "''")} COLLATE "C", ${before})`;
}

/** As COPY prints it. */
function textOf(type: string | null, name: string): string {
  if (TEXTS.has(type ?? "")) return name;
  if (type === "bool") return `CASE ${name} WHEN true THEN 't' WHEN false THEN 'f' END`;
  return CAST.has(type ?? "") ? `${name}::text` : `pg_catalog.concat(${name})`;
}

function hashOfNulls(columns: readonly ColumnFacts[], before: string): string {
  const terms = columns.flatMap(({ name, notNull }, i) =>
    notNull ? [] : [`CASE WHEN t.${pg.escapeIdentifier(name)} IS NULL THEN ${2 ** i}::int8 ELSE 0 END`],
  );
  return terms.length === 0 ? before : `pg_catalog.hashint8extended(${terms.join(" + ")}, ${before})`;
}
