/** What is known of a table's columns: of what type they are, and whether they may be null. */
import type { Session } from "../connect/session.ts";

export interface ColumnFacts {
  name: string;
  /** Of the type without its modifiers, as `int8`; null when it is none of PostgreSQL's own base types. */
  type: string | null;
  /**
   * The functions that read its text and its binary form, as `textin textrecv`: they make one type of many, such as citext; those of a
   * domain are those of what it is based on. Null when the server itself does not have both, or the type is not read in binary.
   */
  readBy: string | null;
  /** As SQL writes it, with what modifies it. */
  fullType: string;
  notNull: boolean;
  /** With its version; empty for types that have none. */
  collation: string;
}

/** Of the type `t`. An extension's types may have functions of the server under other names: what is compiled into it counts. */
const READ_BY = `WITH RECURSIVE base (oid, next) AS (
         SELECT t.oid, t.typbasetype
         UNION ALL SELECT b.oid, b.typbasetype FROM base JOIN pg_catalog.pg_type b ON b.oid = base.next)
       SELECT i.prosrc || ' ' || r.prosrc FROM base JOIN pg_catalog.pg_type b ON b.oid = base.oid
       JOIN pg_catalog.pg_proc i ON i.oid = b.typinput JOIN pg_catalog.pg_proc r ON r.oid = b.typreceive
       WHERE base.next = 0
         AND i.prolang = (SELECT l.oid FROM pg_catalog.pg_language l WHERE l.lanname = 'internal') AND r.prolang = i.prolang`;

/** Those of `names`, in their order. */
export async function readColumns(
  session: Session,
  oid: number,
  names: readonly string[],
): Promise<ColumnFacts[]> {
  return await session.query<ColumnFacts & Record<string, unknown>>(
    `SELECT a.attname AS name, CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' THEN t.typname END AS type,
       (${READ_BY}) AS "readBy",
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
