/** Sums of the rows of a loaded table: of what was sent to it, and of what the server has. */
import type { Session } from "../connect/open-session.ts";
import type { TableManifest } from "../manifest/manifest.ts";
import { type RowSum, rowSum } from "../rows/row-sum.ts";
import { LEAST_SUMMED_BYTES, summableColumns } from "../rows/summable-columns.ts";
import { type ObjectName, sqlName } from "./script/object-name.ts";

/** Sums are compared within one restore. */
const SEED = 0x6461_7461_6462_0001n;

/** How to sum it up; null where that cannot be done, or is not worth it. The table is there, with all its columns. */
export async function loadedSum(
  session: Session,
  table: TableManifest,
  name: ObjectName,
): Promise<RowSum | null> {
  if (table.format !== "text" || table.bytes < LEAST_SUMMED_BYTES) return null;
  const [row] = await session.query<{ oid: number }>("SELECT $1::regclass::oid::int8::float8 AS oid", [
    sqlName(name),
  ]);
  const columns = await summableColumns(session, row!.oid, table.columns);
  return columns && rowSum(columns, SEED);
}

/** Of the rows of a table, called `t` in `where`: empty, or a WHERE clause. */
export async function sumOnServer(
  session: Session,
  { hash }: RowSum,
  table: string,
  where: string,
): Promise<bigint> {
  const [row] = await session.query<{ sum: string }>(
    `SELECT COALESCE(pg_catalog.sum(${hash}), 0)::text AS sum FROM ONLY ${table} AS t${where}`,
  );
  return BigInt.asUintN(64, BigInt(row!.sum));
}
