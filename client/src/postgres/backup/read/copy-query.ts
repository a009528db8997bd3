/** The SQL that reads rows: which, and in which order. */
import pg from "pg";
import type { KeyColumns } from "../../catalogue/tables.ts";

/** How the rows of a table are read, whichever part of it. */
export interface TableQuery {
  schema: string;
  name: string;
  columns: readonly string[];
  order: "key" | "ctid" | "physical";
  key: KeyColumns | null;
  /** What was asked for instead of all rows. */
  filter: string | null;
  format: "text" | "binary";
  /** Its rows have places on pages. */
  heap: boolean;
}

/** A part of a table: after one row and up to another, by key or by place; null: from the beginning, to the end. */
export interface RowRange {
  after: readonly string[] | null;
  upTo: readonly string[] | null;
}

export const WHOLE: RowRange = { after: null, upTo: null };

const ident = pg.escapeIdentifier;

export function qualified({ schema, name }: { schema: string; name: string }): string {
  return `${ident(schema)}.${ident(name)}`;
}

/** COPY of the rows of a range. `limit`: only so many of the first. */
export function copyQuery(table: TableQuery, range: RowRange, limit?: number): string {
  const columns = table.columns.map((column) => `t.${ident(column)}`);
  return copyOf(selectQuery(table, columns, conditionsOf(table, range), limit), table.format);
}

const WHOLE_NUMBERS = new Set(["smallint", "integer", "bigint"]);

/** COPY of all rows as they lie, which the server need not plan; null where they could not be sorted by their first field alone. */
export function copyUnsorted(table: TableQuery): string | null {
  const { order, key, columns, filter, format, heap } = table;
  if (order !== "key" || key === null || filter !== null || format !== "text" || !heap) return null;
  if (key.columns.length > 1 || key.columns[0] !== columns[0] || !WHOLE_NUMBERS.has(key.types[0]!))
    return null;
  return `COPY ${qualified(table)} (${columns.map(ident).join(", ")}) TO STDOUT`;
}

/** The plan of reading all of it: the server says what it thinks of the filter, and reads nothing. */
export function explainQuery(table: TableQuery): string {
  const columns = table.columns.map((column) => `t.${ident(column)}`);
  return `EXPLAIN ${selectQuery(table, columns, [])}`;
}

/** COPY of the key's fields alone, in the order of a row's fields, from a key on. `mark`: a number that comes before them in each row. */
export function copyKeys(table: TableQuery, from: readonly string[], limit: number, mark: number): string {
  const key = table.key!.columns;
  const inRow = table.columns.filter((column) => key.includes(column));
  const columns = [`${mark}`, ...inRow.map((column) => `t.${ident(column)}`)];
  return copyOf(selectQuery(table, columns, [compareKey(table.key!, ">=", from)], limit), "text");
}

/** COPY of rows with their places before them, of some pages. */
export function copyPlaces(table: TableQuery, page: number, pages: number): string {
  const columns = ["t.ctid", ...table.columns.map((column) => `t.${ident(column)}`)];
  const conditions = [`t.ctid >= '(${page},0)'`, `t.ctid < '(${page + pages},0)'`];
  return copyOf(selectQuery(table, columns, conditions), "text");
}

function copyOf(select: string, format: "text" | "binary"): string {
  return `COPY (${select}) TO STDOUT${format === "binary" ? " WITH (FORMAT binary)" : ""}`;
}

function selectQuery(
  table: TableQuery,
  columns: readonly string[],
  conditions: readonly string[],
  limit?: number,
): string {
  const from = `ONLY ${qualified(table)} AS t`;
  const all = table.filter === null ? conditions : [...conditions, filterCondition(from, table.filter)];
  const where = all.length === 0 ? "" : ` WHERE ${all.join(" AND ")}`;
  const order = table.order === "key" ? ` ORDER BY ${keyList(table.key!)}` : "";
  return `SELECT ${columns.join(", ")} FROM ${from}${where}${order}${limit === undefined ? "" : ` LIMIT ${limit}`}`;
}

/**
 * Selects number, rows and sum of `hash` over the rows of each range: one row for each. Ranges that are bounded on both sides are
 * planned once, however many they are.
 */
export function sumsQuery(table: TableQuery, hash: string, ranges: readonly RowRange[]): string {
  const from = `ONLY ${qualified(table)} AS t`;
  const select = (i: string, conditions: readonly string[]): string =>
    `SELECT ${i}, pg_catalog.count(*)::text, COALESCE(pg_catalog.sum(${hash}), 0)::text FROM ${from}` +
    (conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`);
  const open = ranges.flatMap((range, i) =>
    range.after === null || range.upTo === null ? [select(`${i}`, conditionsOf(table, range))] : [],
  );
  const bounded = ranges.flatMap(({ after, upTo }, i) =>
    after === null || upTo === null ? [] : [{ i, values: [...after, ...upTo] }],
  );
  return [...(bounded.length === 0 ? [] : [boundedSums(table.key!, bounded, select)]), ...open].join(
    " UNION ALL ",
  );
}

function boundedSums(
  key: KeyColumns,
  ranges: readonly { i: number; values: readonly string[] }[],
  select: (i: string, conditions: readonly string[]) => string,
): string {
  const rows = ranges.map(({ i, values }) => {
    return `(${[i, ...literalsOf(key, values)].join(", ")})`;
  });
  const names = key.columns.map((_, at) => at);
  const compare = (operator: string, prefix: string): string =>
    `(${keyList(key)}) ${operator} (${names.map((at) => `r.${prefix}${at}`).join(", ")})`;
  const given = ["i", ...names.map((at) => `a${at}`), ...names.map((at) => `b${at}`)].join(", ");
  const inner = select("r.i", [compare(">", "a"), compare("<=", "b")]);
  return `SELECT s.* FROM (VALUES ${rows.join(", ")}) AS r (${given}) CROSS JOIN LATERAL (${inner}) AS s`;
}

function conditionsOf(table: TableQuery, { after, upTo }: RowRange): string[] {
  const compare = (operator: string, values: readonly string[]): string =>
    table.order === "key"
      ? compareKey(table.key!, operator, values)
      : `t.ctid ${operator} ${pg.escapeLiteral(values[0]!)}`;
  return [...(after === null ? [] : [compare(">", after)]), ...(upTo === null ? [] : [compare("<=", upTo)])];
}

function keyList({ columns }: KeyColumns): string {
  return columns.map((column) => `t.${ident(column)}`).join(", ");
}

/** Values of a key, or of several one after another. */
function literalsOf({ types }: KeyColumns, values: readonly string[]): string[] {
  return values.map((value, i) => `${pg.escapeLiteral(value)}::${types[i % types.length]}`);
}

function compareKey(key: KeyColumns, operator: string, values: readonly string[]): string {
  const literals = literalsOf(key, values);
  return key.columns.length === 1
    ? `${keyList(key)} ${operator} ${literals[0]}`
    : `(${keyList(key)}) ${operator} (${literals.join(", ")})`;
}

/** Words that begin a clause of joins; what does not begin so is a condition. */
const JOIN = /^\s*(?:INNER|LEFT|RIGHT|FULL|CROSS|NATURAL)?\s*(?:OUTER\s+)?JOIN\b/i;
const WHERE = /^\s*WHERE\b/i;

/**
 * A filter as a condition on the base table, called `t`: a condition is itself, `WHERE ...` what follows, and joins choose the rows
 * of the base table that they have at least once.
 */
function filterCondition(from: string, filter: string): string {
  if (JOIN.test(filter)) return `t.ctid IN (SELECT t.ctid FROM ${from} ${filter}\n)`;
  return `(${filter.replace(WHERE, "")}\n)`;
}

/** Settings of a transaction that reads in this order: rows come from the index or the table, and nothing is sorted on disk. */
export function readSettings(table: TableQuery, versionNumber: number): string[] {
  if (table.filter !== null) return [];
  const off =
    table.order === "key"
      ? [
          "enable_sort",
          "enable_seqscan",
          "enable_bitmapscan",
          ...(versionNumber >= 130000 ? ["enable_incremental_sort"] : []),
        ]
      : ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"];
  return off.map((name) => `SET LOCAL ${name} = off`);
}
