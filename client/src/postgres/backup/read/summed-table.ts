/** Whether and how the rows of a table are summed up. */
import { createHash, randomBytes } from "node:crypto";
import type { ColumnFacts } from "../../catalogue/columns.ts";
import type { Session } from "../../connect/session.ts";
import { type RowSum, rowSum } from "../../rows/row-sum.ts";
import { LEAST_SUMMED_BYTES, summableColumns } from "../../rows/summable-columns.ts";
import type { TableSums } from "./segments.ts";
import type { TableToRead } from "./table-to-read.ts";

export interface SummedTable {
  sum: RowSum;
  /** See TableSums. */
  signature: string;
  /** Where in a row the values of the key are, in the key's order. */
  key: number[];
  /** The segments of the previous backup, if their sums are comparable. */
  before: TableSums | null;
}

/** Bytes of a signature. */
const SIGNATURE_BYTES = 8;

/** Null for tables that are small, or cannot be summed up. `session` is in the snapshot; `before`: of the same chunks' ends. */
export async function summedTable(
  session: Session,
  table: TableToRead,
  before: TableSums | null,
): Promise<SummedTable | null> {
  if (!table.splittable || table.key === null || table.bytes < LEAST_SUMMED_BYTES) return null;
  const columns = await summableColumns(session, table.oid, table.columns);
  if (columns === null) return null;
  const signature = signatureOf(columns, table.key.columns);
  const same = before?.signature === signature ? before : null;
  const sum = rowSum(columns, same?.seed ?? randomBytes(8).readBigUInt64LE());
  const key = table.key.columns.map((column) => table.columns.indexOf(column));
  return sum && { sum, signature, key, before: same };
}

/** Columns with their types and collations, and the key: what the order and the hash of a row depend on. */
function signatureOf(columns: readonly ColumnFacts[], key: readonly string[]): string {
  const facts = columns.map(({ name, fullType, notNull, collation }) => [name, fullType, notNull, collation]);
  const digest = createHash("sha256")
    .update(JSON.stringify([facts, key]))
    .digest();
  return digest.subarray(0, SIGNATURE_BYTES).toString("hex");
}
