/** Loads the rows of tables: large ones alone, frozen; small ones many in a transaction. */
import { DatabaseDiffersError } from "@datadb/protocol";
import { databaseError } from "../connect/database-error.ts";
import type { Session } from "../connect/open-session.ts";
import type { TableManifest } from "../manifest/manifest.ts";
import { copyIn } from "./copy-in.ts";
import { isLarge, rowDigest } from "./row-digest.ts";
import { keyOf, quoteName, shownName, sqlName } from "./script/object-name.ts";
import type { Task } from "./tasks.ts";

export interface LoadRequest {
  content(path: string): AsyncIterable<Buffer>;
  /** Told of bytes that were sent, and of tables that are done. */
  onBytes(bytes: number): void;
  onTable(table: TableManifest): void;
  /** The table's name in the target. */
  nameOf(table: TableManifest): { schema: string; name: string };
  /** Hash of the rows' bytes as they were sent, by key of the table; for comparing what the server then has. */
  digests: Map<string, string>;
}

const GROUP_BYTES = 8 << 20;
const GROUP_TABLES = 100;

/** Largest first, so that no session works alone at the end. */
export function loadTasks(tables: readonly TableManifest[], request: LoadRequest): Task[] {
  const sorted = [...tables].filter(({ rows }) => rows > 0).sort((a, b) => b.bytes - a.bytes);
  const large = sorted.filter(isLarge);
  const tasks: Task[] = large.map((table) => ({
    label: shownName(table),
    tables: [keyOf(table)],
    shared: false,
    run: (session) => loadLarge(session, table, request),
  }));
  for (const group of groups(sorted.filter((table) => !isLarge(table)))) {
    tasks.push({
      label: shownName(group[0]!),
      tables: group.map(keyOf),
      shared: false,
      run: (session) => loadSmall(session, group, request),
    });
  }
  return tasks;
}

function* groups(tables: readonly TableManifest[]): Generator<TableManifest[]> {
  let group: TableManifest[] = [];
  let bytes = 0;
  for (const table of tables) {
    group.push(table);
    bytes += table.bytes;
    if (bytes < GROUP_BYTES && group.length < GROUP_TABLES) continue;
    yield group;
    group = [];
    bytes = 0;
  }
  if (group.length > 0) yield group;
}

/** Emptied in the transaction that fills it, the table takes rows as frozen: no later pass writes them again. */
async function loadLarge(session: Session, table: TableManifest, request: LoadRequest): Promise<void> {
  await session.query(`BEGIN; TRUNCATE ONLY ${sqlName(request.nameOf(table))}`);
  await loadTable(session, table, request, true);
  await session.query("COMMIT");
  request.onTable(table);
}

async function loadSmall(
  session: Session,
  tables: readonly TableManifest[],
  request: LoadRequest,
): Promise<void> {
  await session.query("BEGIN");
  for (const table of tables) await loadTable(session, table, request, false);
  await session.query("COMMIT");
  for (const table of tables) request.onTable(table);
}

/** Inside a transaction. Throws DATABASE_DIFFERS when the server took another number of rows than the backup has. */
export async function loadTable(
  session: Session,
  table: TableManifest,
  request: LoadRequest,
  frozen: boolean,
): Promise<void> {
  const name = request.nameOf(table);
  const options = [`FORMAT ${table.format}`, ...(frozen ? ["FREEZE"] : [])].join(", ");
  const digest = rowDigest(table);
  let rows: number;
  try {
    rows = await copyIn(
      session.client,
      `COPY ${sqlName(name)}${columnList(table)} FROM STDIN (${options})`,
      request.content(table.path),
      (bytes) => {
        digest.update(bytes);
        request.onBytes(bytes.length);
      },
    );
  } catch (error) {
    throw databaseError(error, `${session.target.label}: loading ${shownName(name)}`);
  }
  if (rows !== table.rows) {
    throw new DatabaseDiffersError(
      `${session.target.label}: ${shownName(name)} took ${rows} rows, and the backup has ${table.rows}`,
      "check the store with datadb check --read-data; a trigger or rule of the table may also have left out rows",
    );
  }
  request.digests.set(keyOf(table), digest.digest());
}

/** A table without columns, or with generated ones only, has none to list. */
export function columnList({ columns }: TableManifest): string {
  return columns.length === 0 ? "" : ` (${columns.map(quoteName).join(", ")})`;
}
