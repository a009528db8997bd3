/** The tables of a database: what has rows, what a row is, and in which order rows can be read. */
import type { Session } from "../connect/session.ts";
import type { TableKind } from "../manifest/manifest.ts";

export interface KeyColumns {
  columns: string[];
  /** Types as SQL writes them, one for each column. */
  types: string[];
  index: string;
  /** Whether the order of the index can be trusted: not when a collation has changed under it. */
  trusted: boolean;
}

/** One relation that has rows of its own, or (foreign) whose rows are elsewhere. */
export interface TableFacts {
  oid: number;
  schema: string;
  name: string;
  kind: TableKind;
  /** The extension that it belongs to. */
  extension: string | null;
  /** What the extension says of the rows to keep, such as `WHERE NOT builtin`. */
  condition: string | null;
  columns: string[];
  key: KeyColumns | null;
  identityAlways: boolean;
  rowSecurity: boolean;
  unlogged: boolean;
  /** A heap: rows have places on pages. */
  heap: boolean;
  readable: boolean;
  /** Row-level security would hide rows from this user. */
  hidden: boolean;
}

/** System schemas, and those of temporary tables. */
export const USER_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/** Generated columns are computed again. */
const COLUMNS = `ARRAY(
    SELECT a.attname::text FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ORDER BY a.attnum)`;

/**
 * Of each table: unique, whole, never null (also not before a constraint that was never validated), in the types' own order: an index that gives each row one place. All together: one table after
 * another takes three times as long.
 */
const KEYS = `
    SELECT DISTINCT ON (k.indrelid) k.indrelid,
      pg_catalog.json_build_object('index', k.name, 'columns', k.columns, 'types', k.types, 'trusted', k.trusted) AS key
    FROM (
      SELECT i.indrelid, ic.relname AS name, i.indisprimary, i.indnkeyatts,
        pg_catalog.json_agg(a.attname ORDER BY p.position) AS columns,
        pg_catalog.json_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY p.position) AS types,
        pg_catalog.bool_and(co.oid IS NULL OR co.collversion IS NULL
          OR co.collversion = pg_catalog.pg_collation_actual_version(co.oid)) AS trusted,
        pg_catalog.bool_and(a.attnotnull AND nv.oid IS NULL AND a.attgenerated = '' AND i.indoption[p.position - 1] = 0
          AND o.opcdefault AND i.indcollation[p.position - 1] = a.attcollation) AS usable
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = ic.relnamespace
      JOIN pg_catalog.pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
      CROSS JOIN LATERAL pg_catalog.generate_series(1, i.indnkeyatts) AS p (position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p.position - 1]
      JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[p.position - 1]
      LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
      LEFT JOIN pg_catalog.pg_constraint nv ON nv.conrelid = i.indrelid AND nv.contype = 'n' AND NOT nv.convalidated
        AND nv.conkey[1] = a.attnum
      WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND ${USER_SCHEMA}
      GROUP BY i.indexrelid, i.indrelid, ic.relname, i.indisprimary, i.indnkeyatts
    ) k
    WHERE k.usable
    ORDER BY k.indrelid, k.indisprimary DESC, k.indnkeyatts, k.name`;

/** What takes the most time for many tables, and its stand-in. */
const ROWS_OF = { keys: KEYS, columns: COLUMNS };
const NO_ROWS_OF = { keys: "SELECT NULL::oid AS indrelid, NULL::json AS key", columns: "'{}'::text[]" };

/**
 * Tables, leaf partitions and foreign tables, in order of schema and name; not those that belong to an extension alone. `what` is "names":
 * without their columns and keys.
 */
export async function readTables(session: Session, what: "names" | "rows"): Promise<TableFacts[]> {
  const { keys, columns } = what === "rows" ? ROWS_OF : NO_ROWS_OF;
  const rows = await session.query<Omit<TableFacts, "kind"> & { relkind: string; partition: boolean }>(`
    WITH keys AS MATERIALIZED (${keys}), configured AS (
      SELECT e.extname, u.oid, u.condition
      FROM pg_catalog.pg_extension e, ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) AS u (oid, condition)
    )
    SELECT c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind, c.relispartition AS partition,
      x.extname AS extension, g.condition, ${columns} AS columns, keys.key,
      EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attidentity = 'a' AND NOT a.attisdropped) AS "identityAlways",
      c.relrowsecurity AS "rowSecurity", c.relpersistence = 'u' AS unlogged,
      COALESCE(am.amname = 'heap', false) AS heap,
      pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS readable,
      pg_catalog.row_security_active(c.oid) AS hidden
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
    LEFT JOIN configured g ON g.oid = c.oid
    LEFT JOIN keys ON keys.indrelid = c.oid
    WHERE c.relkind IN ('r', 'f') AND c.relpersistence <> 't' AND (${USER_SCHEMA})
      AND (x.extname IS NULL OR g.oid IS NOT NULL)`);
  const tables = rows.map(({ relkind, partition, ...facts }) => ({
    ...facts,
    condition: facts.condition || null,
    kind: kindOf(relkind, partition, facts.extension),
  }));
  return tables.sort((a, b) => compare(a.schema, b.schema) || compare(a.name, b.name));
}

function kindOf(relkind: string, partition: boolean, extension: string | null): TableKind {
  if (relkind === "f") return "foreign";
  if (extension !== null) return "extension-config";
  return partition ? "partition" : "table";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Bytes of tables on the server, with what is out of line, by oid; without free space maps, which take most of the time for many
 * small tables. Call with the tables locked: it would wait otherwise.
 */
export async function tableSizes(session: Session, oids: readonly number[]): Promise<Map<number, number>> {
  const rows = await session.query<{ oid: number; bytes: string }>(
    `SELECT c.oid::int8::float8 AS oid, (pg_catalog.pg_relation_size(c.oid) + CASE WHEN c.reltoastrelid = 0 THEN 0
        ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END)::text AS bytes
     FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1::oid[])`,
    [oids],
  );
  return new Map(rows.map(({ oid, bytes }) => [oid, Number(bytes)]));
}
