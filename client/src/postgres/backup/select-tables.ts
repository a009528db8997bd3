/** Which tables a backup has, and which of their rows. */
import { DatabaseMissingError, UsageError } from "@datadb/protocol";
import type { PartitionEdge } from "../catalogue/partitions.ts";
import type { TableFacts } from "../catalogue/tables.ts";
import type { PostgresManifest, Selection, TableName } from "../manifest/manifest.ts";
import type { PostgresSource } from "./postgres-source.ts";
import { matching, type TablePattern, tablePattern } from "./table-pattern.ts";

/** The patterns of a source, checked. */
export interface TableRules {
  tables: TablePattern[];
  excluded: TablePattern[];
  where: [TablePattern, string][];
}

/** Throws USAGE for what is no pattern, or does not go together. */
export function tableRules(source: PostgresSource): TableRules {
  if (source.schemaOnly && source.dataOnly)
    throw new UsageError("--schema-only and --data-only leave nothing", "give one of them, or none");
  const where = Object.entries(source.where ?? {});
  if (source.schemaOnly && where.length > 0)
    throw new UsageError("--where chooses rows, and --schema-only takes none", "give one of them");
  return {
    tables: (source.tables ?? []).map(tablePattern),
    excluded: (source.excludeTables ?? []).map(tablePattern),
    where: where.map(([pattern, sql]) => {
      if (sql.trim() === "")
        throw new UsageError(`--where ${pattern}= has no condition`, "write --where 'TABLE=id > 1000'");
      return [tablePattern(pattern), sql];
    }),
  };
}

/** What the manifest says of it; null when everything is wanted. */
export function selectionOf(source: PostgresSource): Selection | null {
  const { tables = [], excludeTables = [], where = {}, schemaOnly = false, dataOnly = false } = source;
  if (tables.length + excludeTables.length + Object.keys(where).length === 0 && !schemaOnly && !dataOnly)
    return null;
  return {
    tables: [...tables].sort(),
    excluded: [...excludeTables].sort(),
    where: { ...where },
    schemaOnly,
    dataOnly,
  };
}

export interface ChosenTable extends TableFacts {
  /** SQL that chooses rows, where not all are wanted. */
  filter: string | null;
}

/** A name that a pattern may match: tables, and partitioned tables, which stand for their partitions. */
interface Named {
  schema: string;
  name: string;
  oids: number[];
}

/** Throws DATABASE_MISSING for a pattern without a match, USAGE for a --where that matches none or one table twice. */
export function chooseTables(
  rules: TableRules,
  tables: readonly TableFacts[],
  partitioned: readonly PartitionEdge[],
  searchPath: readonly string[],
): ChosenTable[] {
  const named: Named[] = [
    ...tables.map(({ schema, name, oid }) => ({ schema, name, oids: [oid] })),
    ...partitioned.map(({ schema, name, leaves }) => ({ schema, name, oids: leaves })),
  ];
  const oidsOf = (pattern: TablePattern): number[] =>
    matching(pattern, named, searchPath).flatMap(({ oids }) => oids);
  const wanted = new Set(
    rules.tables.length === 0 ? tables.map(({ oid }) => oid) : wantedOids(rules.tables, oidsOf, named),
  );
  for (const pattern of rules.excluded) for (const oid of oidsOf(pattern)) wanted.delete(oid);
  const filters = new Map<number, string>();
  for (const [pattern, sql] of rules.where) {
    const oids = oidsOf(pattern).filter((oid) => wanted.has(oid));
    if (oids.length === 0)
      throw new DatabaseMissingError(
        `no table that is backed up matches --where ${pattern.text}`,
        "check the name before the first =",
      );
    for (const oid of oids) {
      if (filters.has(oid))
        throw new UsageError(`--where ${pattern.text}: the table has two conditions`, "join them with AND");
      filters.set(oid, sql);
    }
  }
  return tables
    .filter(({ oid }) => wanted.has(oid))
    .map((table) => ({ ...table, filter: bothFilters(table.condition, filters.get(table.oid)) }));
}

/** Partitioned tables that are meant themselves, not only through a partition of theirs. */
export function choosePartitioned(
  rules: TableRules,
  tables: readonly TableFacts[],
  partitioned: readonly PartitionEdge[],
  searchPath: readonly string[],
): PartitionEdge[] {
  const named = [...tables, ...partitioned];
  const matched = (patterns: readonly TablePattern[]): Set<TableFacts | PartitionEdge> =>
    new Set(patterns.flatMap((pattern) => matching<TableFacts | PartitionEdge>(pattern, named, searchPath)));
  const [wanted, excluded] = [matched(rules.tables), matched(rules.excluded)];
  return partitioned.filter(
    (table) => (rules.tables.length === 0 || wanted.has(table)) && !excluded.has(table),
  );
}

function wantedOids(
  patterns: readonly TablePattern[],
  oidsOf: (pattern: TablePattern) => number[],
  named: readonly Named[],
): number[] {
  return patterns.flatMap((pattern) => {
    const oids = oidsOf(pattern);
    if (oids.length > 0) return oids;
    const elsewhere = named.filter(({ name }) => pattern.schema === null && pattern.name.test(name));
    const hint = elsewhere.slice(0, 3).map(({ schema, name }) => `${schema}.${name}`);
    throw new DatabaseMissingError(`no matching tables were found: ${pattern.text}`, {
      next:
        hint.length > 0
          ? `outside of the search path there is ${hint.join(", ")}`
          : "check the pattern; quote names with capital letters",
      fields: { pattern: pattern.text },
    });
  });
}

/** What an extension says of its table, and what the user says. */
function bothFilters(condition: string | null, filter: string | undefined): string | null {
  const own = condition?.replace(/^\s*WHERE\b/i, "") ?? null;
  if (filter === undefined) return own;
  if (own === null) return filter;
  if (/^\s*(?:\w+\s+)*JOIN\b/i.test(filter))
    throw new UsageError("a table of an extension cannot be joined in --where", "give a condition");
  return `(${own}) AND (${filter.replace(/^\s*WHERE\b/i, "")})`;
}

/** Foreign keys that lead out of what is backed up: rows may refer to rows that are not there. */
export function leavingKeys(
  foreignKeys: PostgresManifest["foreignKeys"],
  chosen: readonly ChosenTable[],
  partitioned: readonly PartitionEdge[],
): string[] {
  const whole = new Set(
    chosen.filter(({ filter }) => filter === null).map(({ schema, name }) => keyOf([schema, name])),
  );
  const any = new Set(chosen.map(({ schema, name }) => keyOf([schema, name])));
  const oids = new Set(chosen.map(({ oid }) => oid));
  for (const { schema, name, leaves } of partitioned) {
    const there = leaves.filter((oid) => oids.has(oid));
    if (there.length > 0) any.add(keyOf([schema, name]));
    if (there.length === leaves.length) whole.add(keyOf([schema, name]));
  }
  return foreignKeys
    .filter(({ from, to }) => any.has(keyOf(from)) && !whole.has(keyOf(to)))
    .map(({ name, from, to }) => `${from.join(".")} refers to ${to.join(".")} (${name})`);
}

function keyOf([schema, name]: TableName): string {
  return JSON.stringify([schema, name]);
}
