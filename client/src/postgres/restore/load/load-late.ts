/** What the server refuses while tables are loaded beside each other is loaded again when the others are there. */
import { sqlState } from "../../connect/database-error.ts";
import type { Session } from "../../connect/session.ts";
import type { TableManifest } from "../../manifest/manifest.ts";
import type { LoadRequest, RefusedTable } from "./load-request.ts";
import { isLarge, loadLarge, loadSmall } from "./load-table.ts";

/** What a function may say that does not find what it reads: data exceptions, violated constraints, errors that it raises. */
const MAY_PASS_LATER = /^(?:22|23|P0)/;

/** Loads tables in a transaction; what the server refuses there is left for later. */
export async function orLater(
  session: Session,
  tables: readonly TableManifest[],
  late: RefusedTable[],
  load: () => Promise<void>,
): Promise<void> {
  try {
    await load();
  } catch (error) {
    const { cause } = error as Error;
    if (!MAY_PASS_LATER.test(sqlState(cause ?? {}) ?? "")) throw error;
    await session.query("ROLLBACK");
    late.push(...tables.map((table) => ({ table, error })));
  }
}

/** Loads `request.late`, one after the other, again and again as long as that helps. Throws what the server said last. */
export async function loadLate(session: Session, request: LoadRequest): Promise<void> {
  for (let left = request.late; left.length > 0; ) {
    const late: RefusedTable[] = [];
    for (const { table } of left)
      await orLater(session, [table], late, () =>
        isLarge(table) ? loadLarge(session, table, request) : loadSmall(session, [table], request),
      );
    if (late.length === left.length) throw late.at(-1)!.error;
    left = late;
  }
}
