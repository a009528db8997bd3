/** Which tables are summed up, in a backup as in a restore. */
import { type ColumnFacts, readColumns } from "../catalogue/columns.ts";
import type { Session } from "../connect/session.ts";

/** What is smaller is read sooner than asked for. */
export const LEAST_SUMMED_BYTES: number = 8 << 20;

/** Text whose bytes are those that the server hashes. */
const ENCODING = "UTF8";

/** The columns `names` of a table; null where the server's sums would not be those of the text. */
export async function summableColumns(
  session: Session,
  oid: number,
  names: readonly string[],
): Promise<ColumnFacts[] | null> {
  if (session.server.encoding !== ENCODING) return null;
  const columns = await readColumns(session, oid, names);
  return columns.length === names.length ? columns : null;
}
