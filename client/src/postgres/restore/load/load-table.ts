/** Loads the rows of one table, or of several small ones, in a transaction: large ones frozen. */
import { DatabaseDiffersError } from "@datadb/protocol";
import type { Session } from "../../connect/session.ts";
import type { TableManifest } from "../../manifest/manifest.ts";
import { keyOf, type ObjectName, shownName, sqlName } from "../script/object-name.ts";
import { type CopyRequest, copyTable, copyTables, isCopiedAsItIs, type Loaded } from "./copy-table.ts";
import type { LoadOneRequest, LoadRequest } from "./load-request.ts";

/** From here on a table is worth a transaction and a file of its own: it is emptied, then filled from its beginning to its end. */
const LARGE_BYTES = 1 << 20;
export function isLarge({ bytes, format, kind }: TableManifest): boolean {
  return (kind === "table" || kind === "partition") && (bytes >= LARGE_BYTES || format === "binary");
}

/** Emptied in the transaction that fills it, the table takes rows as frozen: no later pass writes them again. */
export async function loadLarge(session: Session, table: TableManifest, request: LoadRequest): Promise<void> {
  await session.query(`BEGIN; TRUNCATE ONLY ${sqlName(request.nameOf(table))}`);
  await loadTable(session, table, request, true);
  await session.query("COMMIT");
  request.onTable(table);
}

export async function loadSmall(
  session: Session,
  tables: readonly TableManifest[],
  request: LoadRequest,
): Promise<void> {
  await session.query("BEGIN");
  const alike = tables.filter(isCopiedAsItIs);
  if (alike.length > 0) {
    const loaded = await copyTables(session, alike, request, request.content);
    for (const [i, table] of alike.entries()) keepLoaded(session, table, request, loaded[i]!);
  }
  for (const table of tables) if (!isCopiedAsItIs(table)) await loadTable(session, table, request, false);
  await session.query("COMMIT");
  for (const table of tables) request.onTable(table);
}

/** Inside a transaction. Throws DATABASE_DIFFERS when the server took another number of rows than the backup has. */
export async function loadTable(
  session: Session,
  table: TableManifest,
  request: LoadOneRequest,
  frozen: boolean,
): Promise<void> {
  const { digests } = request;
  const source = request.content(table.path);
  const loaded = await copyTable(session, table, request, { source, frozen, digests: digests !== null });
  keepLoaded(session, table, request, loaded);
}

function keepLoaded(
  session: Session,
  table: TableManifest,
  request: LoadOneRequest,
  { rows, digest }: Loaded,
): void {
  checkRows(session, table, request, rows);
  if (digest !== undefined) request.digests?.set(keyOf(table), digest);
}

export function checkRows(
  session: Session,
  table: TableManifest,
  { nameOf }: CopyRequest,
  rows: number,
): void {
  if (rows === table.rows) return;
  throw new DatabaseDiffersError(
    `${session.target.label}: ${shownName(nameOf(table))} took ${rows} rows, and the backup has ${table.rows}`,
    "check the store with datadb check --read-data; a trigger or rule of the table may also have left out rows",
  );
}

/** Into `root`, which gives each row to the partition that it belongs to here. */
export async function loadThrough(
  session: Session,
  root: ObjectName,
  table: TableManifest,
  request: LoadRequest,
): Promise<void> {
  await session.query("BEGIN");
  await loadTable(session, table, { ...request, digests: null, nameOf: () => root }, false);
  await session.query("COMMIT");
  request.onTable(table);
}
