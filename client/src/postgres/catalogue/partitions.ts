/** Partitioned tables and the leaves below them. */
import type { Session } from "../connect/session.ts";
import { USER_SCHEMA } from "./tables.ts";

export interface PartitionEdge {
  schema: string;
  name: string;
  /** Oids of the leaf partitions, at any depth. */
  leaves: number[];
}

export async function readPartitioned(session: Session): Promise<PartitionEdge[]> {
  // Not pg_partition_tree: it would wait for locks.
  return await session.query<PartitionEdge & Record<string, unknown>>(`
    WITH RECURSIVE tree AS (
      SELECT c.oid AS root, c.oid AS member FROM pg_catalog.pg_class c WHERE c.relkind = 'p'
      UNION ALL SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member
    )
    SELECT n.nspname AS schema, c.relname AS name,
      ARRAY(SELECT t.member::int8::float8 FROM tree t JOIN pg_catalog.pg_class m ON m.oid = t.member AND m.relkind <> 'p'
        WHERE t.root = c.oid) AS leaves
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'p' AND ${USER_SCHEMA}`);
}

/** Schemas in which the user finds tables by their bare names, in order: whatever this session has set. */
export async function readSearchPath(session: Session): Promise<string[]> {
  const [row] = await session.query<{ path: string[] }>(`
    SELECT pg_catalog.current_schemas(false)::text[] AS path
    FROM pg_catalog.set_config('search_path', (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path'), true)`);
  return row!.path;
}
