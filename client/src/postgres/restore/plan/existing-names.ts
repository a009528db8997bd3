/** Names that a database has already: relations, types, functions and the like. */
import type { Session } from "../../connect/session.ts";
import { keyOf, type ObjectName } from "../script/object-name.ts";

const CATALOGUES = [
  ["pg_class", "rel"],
  ["pg_type", "typ"],
  ["pg_proc", "pro"],
  ["pg_operator", "opr"],
  ["pg_collation", "coll"],
  ["pg_ts_config", "cfg"],
  ["pg_ts_dict", "dict"],
  ["pg_statistic_ext", "stx"],
  ["pg_opclass", "opc"],
  ["pg_opfamily", "opf"],
  ["pg_conversion", "con"],
] as const;

export interface ExistingNames {
  has(name: ObjectName): boolean;
  hasSchema(name: string): boolean;
}

export async function existingNames(session: Session): Promise<ExistingNames> {
  const parts = CATALOGUES.map(
    ([name, prefix]) =>
      `SELECT n.nspname AS schema, c.${prefix}name AS name FROM pg_catalog.${name} AS c
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.${prefix}namespace
       WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')`,
  );
  // Schemas are rows without a name.
  const schemas = "SELECT nspname AS schema, NULL AS name FROM pg_catalog.pg_namespace";
  const rows = await session.query<{ schema: string; name: string | null }>(
    [...parts, schemas].join("\nUNION "),
  );
  const keys = new Set<string>();
  const names = new Set<string>();
  for (const { schema, name } of rows)
    if (name === null) names.add(schema);
    else keys.add(keyOf({ schema, name }));
  return { has: (name) => keys.has(keyOf(name)), hasSchema: (name) => names.has(name) };
}

/** For a database that is not there yet: what initdb makes. */
export const NOTHING_EXISTS: ExistingNames = { has: () => false, hasSchema: (name) => name === "public" };
