/** Restores rows alone, into tables that are there: in one transaction, in the order of foreign keys. */
import { DatabaseForbiddenError, DatabaseMissingError, ExistsError } from "@datadb/protocol";
import type { Session } from "../connect/session.ts";
import type { TableManifest } from "../manifest/manifest.ts";
import type { LoadOneRequest } from "./load/load-request.ts";
import { loadTable } from "./load/load-table.ts";
import { type ForeignKey, foreignKeyOrder } from "./plan/foreign-key-order.ts";
import { type ObjectName, quoteName, shownName, sqlName } from "./script/object-name.ts";

export interface RowsRequest {
  tables: readonly TableManifest[];
  load: LoadOneRequest;
  /** Empty the tables first; else any row refuses the restore. */
  clean: boolean;
  onTable(table: TableManifest): void;
}

/** Inside a transaction of the caller. Throws DATABASE_MISSING, EXISTS, DATABASE_FORBIDDEN before it changes anything. */
export async function restoreRows(
  session: Session,
  { tables, load, clean, onTable }: RowsRequest,
): Promise<void> {
  const targets = new Map(tables.map((table) => [table, load.nameOf(table)]));
  await requireTables(session, [...targets.values()]);
  const filled = tables.filter(({ rows }) => rows > 0);
  const keys = await foreignKeys(session, [...targets.values()]);
  const named = filled.map((table) => ({ ...targets.get(table)!, table }));
  const order = foreignKeyOrder(named, keys);
  await requireOwner(session, order.deferred);
  if (clean) await empty(session, [...targets.values()]);
  else await requireEmpty(session, [...targets.values()]);
  const triggers = await disableTriggers(session, named);
  const deferred = new Map(
    (order.deferred as DeferredKey[]).map((key) => [`${key.onTable} ${key.constraint}`, key]),
  );
  for (const { onTable, constraint } of deferred.values())
    await session.query(
      `ALTER TABLE ${onTable} ALTER CONSTRAINT ${quoteName(constraint)} DEFERRABLE INITIALLY DEFERRED`,
    );
  for (const { table } of order.tables) {
    await loadTable(session, table, load, false);
    onTable(table);
  }
  // Tables with checks that wait cannot be altered.
  await session.query("SET CONSTRAINTS ALL IMMEDIATE");
  for (const statement of triggers) await session.query(statement);
  for (const { onTable, constraint, deferrable, initially } of deferred.values()) {
    const state = deferrable
      ? `DEFERRABLE INITIALLY ${initially ? "DEFERRED" : "IMMEDIATE"}`
      : "NOT DEFERRABLE";
    await session.query(`ALTER TABLE ${onTable} ALTER CONSTRAINT ${quoteName(constraint)} ${state}`);
  }
}

/**
 * All at once: they may refer to each other. What inherits from one of them is not touched. Of a partitioned table that refers to others, all
 * partitions must be among them: only with it the server empties what it refers to.
 */
async function empty(session: Session, names: readonly ObjectName[]): Promise<void> {
  if (names.length === 0) return;
  const parents = await session.query<{ name: string }>(
    `WITH given AS (SELECT pg_catalog.to_regclass(t) AS oid FROM unnest($1::text[]) AS t)
     SELECT pg_catalog.format('%I.%I', n.nspname, p.relname) AS name
     FROM pg_catalog.pg_class AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.relnamespace
     WHERE p.relkind = 'p' AND p.oid IN (SELECT conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f')
       AND p.oid IN (SELECT a.relid FROM given CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(given.oid) AS a)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_partition_tree(p.oid) AS t
         WHERE t.isleaf AND t.relid NOT IN (SELECT oid FROM given))`,
    [names.map(sqlName)],
  );
  const all = [...names.map((name) => `ONLY ${sqlName(name)}`), ...parents.map(({ name }) => name)];
  await session.query(`TRUNCATE ${all.join(", ")}`);
}

interface DeferredKey extends ForeignKey {
  /** Whether it was INITIALLY DEFERRED. */
  initially: boolean;
  /** Partitions have copies of a key; only the one that they come from can be altered. */
  onTable: string;
  constraint: string;
}

async function requireTables(session: Session, names: readonly ObjectName[]): Promise<void> {
  const rows = await session.query<{ at: number }>(
    `SELECT t.at::int FROM unnest($1::text[]) WITH ORDINALITY AS t (name, at)
     WHERE pg_catalog.to_regclass(t.name) IS NULL ORDER BY t.at`,
    [names.map(sqlName)],
  );
  if (rows.length === 0) return;
  const missing = rows.map(({ at }) => shownName(names[at - 1]!));
  throw new DatabaseMissingError(
    `${session.target.label} lacks ${missing.length} of the backup's tables: ${missing.slice(0, 10).join(", ")}`,
    "make them first, or restore without --data-only",
  );
}

async function requireEmpty(session: Session, names: readonly ObjectName[]): Promise<void> {
  for (const name of names) {
    const [row] = await session.query(`SELECT 1 FROM ONLY ${sqlName(name)} LIMIT 1`);
    if (row === undefined) continue;
    throw new ExistsError(
      `${session.target.label}: ${shownName(name)} holds rows; nothing was restored`,
      "empty it first, or pass --clean to replace all rows of the tables that are restored",
    );
  }
}

async function foreignKeys(session: Session, names: readonly ObjectName[]): Promise<DeferredKey[]> {
  const rows = await session.query<
    Pick<DeferredKey, "name" | "deferrable" | "initially" | "onTable" | "constraint"> &
      Record<"schema" | "table" | "toSchema" | "toTable", string>
  >(
    `WITH RECURSIVE keys AS (
       SELECT c.oid, c.oid AS origin, c.conparentid FROM pg_catalog.pg_constraint AS c WHERE c.contype = 'f' AND c.conrelid = ANY
         (SELECT pg_catalog.to_regclass(t)::oid FROM unnest($1::text[]) AS t)
       UNION ALL
       SELECT k.oid, p.oid, p.conparentid FROM keys AS k JOIN pg_catalog.pg_constraint AS p ON p.oid = k.conparentid
     )
     SELECT c.conname AS name, n.nspname AS schema, r.relname AS table, fn.nspname AS "toSchema", f.relname AS "toTable",
       o.condeferrable AS deferrable, o.condeferred AS initially, o.conrelid::regclass::text AS "onTable", o.conname AS constraint
     FROM keys AS k JOIN pg_catalog.pg_constraint AS c ON c.oid = k.oid JOIN pg_catalog.pg_constraint AS o ON o.oid = k.origin
     JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
     LEFT JOIN LATERAL pg_catalog.pg_partition_tree(c.confrelid) AS part ON part.isleaf
     JOIN pg_catalog.pg_class AS f ON f.oid = coalesce(part.relid, c.confrelid) JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
     WHERE k.conparentid = 0`,
    [names.map(sqlName)],
  );
  return rows.map(({ schema, table, toSchema, toTable, ...key }) => ({
    ...key,
    from: { schema, name: table },
    to: { schema: toSchema, name: toTable },
  }));
}

/** Only the owner of a table can make its keys wait. */
async function requireOwner(session: Session, keys: readonly ForeignKey[]): Promise<void> {
  for (const { name, from, to } of keys) {
    const [row] = await session.query<{ may: boolean }>(
      `SELECT pg_catalog.pg_has_role(relowner, 'USAGE') AS may FROM pg_catalog.pg_class
       WHERE oid = pg_catalog.to_regclass($1)`,
      [sqlName(from)],
    );
    if (row?.may === true) continue;
    throw new DatabaseForbiddenError(
      `foreign keys refer to each other in a circle: ${name} from ${shownName(from)} to ${shownName(to)} must wait for the rows of both`,
      `connect as the owner of ${shownName(from)}: only the owner can make the key wait until the end`,
    );
  }
}

/** Triggers of users would change or repeat what the backup holds already. Returns the statements that undo it. */
async function disableTriggers(session: Session, names: readonly ObjectName[]): Promise<string[]> {
  const rows = await session.query<{ table: string; name: string; state: string }>(
    `SELECT t.tgrelid::regclass::text AS table, t.tgname AS name, t.tgenabled AS state FROM pg_catalog.pg_trigger AS t
     JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
     WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid = ANY
       (SELECT pg_catalog.to_regclass(n)::oid FROM unnest($1::text[]) AS n)
       AND pg_catalog.pg_has_role(c.relowner, 'USAGE')`,
    [names.map(sqlName)],
  );
  const words: Readonly<Record<string, string>> = { O: "ENABLE", A: "ENABLE ALWAYS", R: "ENABLE REPLICA" };
  for (const { table, name } of rows)
    await session.query(`ALTER TABLE ${table} DISABLE TRIGGER ${quoteName(name)}`);
  return rows.map(
    ({ table, name, state }) => `ALTER TABLE ${table} ${words[state]} TRIGGER ${quoteName(name)}`,
  );
}
