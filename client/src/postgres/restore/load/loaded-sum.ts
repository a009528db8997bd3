/** Sums of the rows of a loaded table: of what was sent to it, and of what the server has. */
import type { ColumnFacts } from "../../catalogue/columns.ts";
import type { Session } from "../../connect/session.ts";
import { type RowSum, rowSum } from "../../rows/row-sum.ts";

const SEED = 0x6461_7461_6462_0001n;

/** The sum of rows that `columns` allow, which is compared within one restore; null where there is none. */
export function loadedSum(columns: readonly ColumnFacts[]): RowSum | null {
  return rowSum(columns, SEED);
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
