/** Partitions whose rows may belong into others here: those by hash of an enum, whose labels have other numbers in each database. */
import type { Session } from "../../connect/session.ts";
import type { TableManifest } from "../../manifest/manifest.ts";
import { keyOf, type ObjectName, sqlName } from "../script/object-name.ts";

/** By key of the partition, what its rows are given to instead: the table of which all are parts. They are there already. */
export type PartitionRoots = ReadonlyMap<string, ObjectName>;

export async function partitionRoots(
  session: Session,
  tables: readonly TableManifest[],
  nameOf: (table: TableManifest) => ObjectName,
): Promise<PartitionRoots> {
  const partitions = tables.filter(({ kind }) => kind === "partition");
  if (partitions.length === 0) return new Map();
  const rows = await session.query<ObjectName & { place: number } & Record<string, unknown>>(
    `SELECT g.place::int, n.nspname AS schema, c.relname AS name
     FROM unnest($1::text[]) WITH ORDINALITY AS g (name, place)
     JOIN pg_catalog.pg_class AS c ON c.oid = pg_catalog.pg_partition_root(pg_catalog.to_regclass(g.name))
     JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(pg_catalog.to_regclass(g.name)) AS a
       JOIN pg_catalog.pg_partitioned_table AS p ON p.partrelid = a.relid AND p.partstrat = 'h'
       JOIN pg_catalog.pg_opclass AS o ON o.oid = ANY (p.partclass::oid[]) AND o.opcname = 'enum_ops')`,
    [partitions.map((table) => sqlName(nameOf(table)))],
  );
  return new Map(rows.map(({ place, schema, name }) => [keyOf(partitions[place - 1]!), { schema, name }]));
}
