/** What is known of a table's columns: of what type they are, and whether they may be null. */
import type { Session } from "../connect/open-session.ts";

export interface ColumnFacts {
  name: string;
  /** Of the type without its modifiers, as `int8`; null when it is none of PostgreSQL's own base types. */
  type: string | null;
  /** As SQL writes it, with what modifies it. */
  fullType: string;
  notNull: boolean;
  /** With its version; empty for types that have none. */
  collation: string;
}

/** Those of `names`, in their order. */
export async function readColumns(
  session: Session,
  oid: number,
  names: readonly string[],
): Promise<ColumnFacts[]> {
  return await session.query<ColumnFacts & Record<string, unknown>>(
    `SELECT a.attname AS name, CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' THEN t.typname END AS type,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS "fullType", a.attnotnull AS "notNull",
       COALESCE(o.collname || ' ' || COALESCE(pg_catalog.pg_collation_actual_version(o.oid), ''), '') AS collation
     FROM pg_catalog.unnest($2::text[]) WITH ORDINALITY AS w (name, place)
     JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attname = w.name AND NOT a.attisdropped
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation
     ORDER BY w.place`,
    [oid, names],
  );
}
