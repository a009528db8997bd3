/** Loads the rows of tables: large ones alone, frozen; one that is larger than the rest by all sessions; small ones many in a transaction. */
import { DatabaseDiffersError } from "@datadb/protocol";
import type { ContentPiece } from "../../cat/content-piece.ts";
import { sqlState } from "../connect/database-error.ts";
import type { Session } from "../connect/open-session.ts";
import type { TableManifest } from "../manifest/manifest.ts";
import type { RowSum } from "../rows/row-sum.ts";
import { type CopyRequest, copyTable, copyTables, isCopiedAsItIs, type Loaded } from "./copy-table.ts";
import { dealRows } from "./deal-rows.ts";
import type { PartitionRoots } from "./partition-roots.ts";
import { bothDigests, type RowsDigest } from "./row-digest.ts";
import { keyOf, type ObjectName, shownName, sqlName } from "./script/object-name.ts";
import type { Task } from "./tasks.ts";

/** `digests` null: the rows will not be compared. */
export type LoadOneRequest = Omit<
  LoadRequest,
  "digests" | "sums" | "roots" | "late" | "jobs" | "isBinary"
> & {
  digests: LoadRequest["digests"] | null;
  sums?: LoadRequest["sums"];
};

export interface LoadRequest {
  content(path: string): AsyncIterable<ContentPiece>;
  /** Told of bytes that were sent, and of tables that are done. */
  onBytes(bytes: number): void;
  onTable(table: TableManifest): void;
  /** The table's name in the target. */
  nameOf(table: TableManifest): { schema: string; name: string };
  /** Of the rows that were sent, by key of the table; for comparing what the server then has. */
  digests: Map<string, RowsDigest>;
  /** How the digests of large tables were summed up, which the server can do as well. */
  sums: Map<string, RowSum>;
  /** Partitions whose rows the server distributes: they are counted, and not compared. */
  roots: PartitionRoots;
  /** Takes tables whose rows the server refused: a check or a column may read tables that are not loaded yet. */
  late: RefusedTable[];
  /** Sessions that load. */
  jobs: number;
  /** Whether the rows of a table are sent in the binary format. */
  isBinary(table: TableManifest): Promise<boolean>;
}

interface RefusedTable {
  table: TableManifest;
  error: unknown;
}

const GROUP_BYTES = 8 << 20;
const GROUP_TABLES = 100;

/** From here on a table is worth a transaction and a file of its own: it is emptied, then filled from its beginning to its end. */
const LARGE_BYTES = 1 << 20;
/** From here on a table may be worth several sessions. */
const SPLIT_BYTES = 64 << 20;

function isLarge({ bytes, format, kind }: TableManifest): boolean {
  return (kind === "table" || kind === "partition") && (bytes >= LARGE_BYTES || format === "binary");
}

/**
 * Without a key, the order in which its rows lie is the order of the next backup. In binary, one session loads as fast as several that wait
 * for each other at the end of the table.
 */
async function isSplit(table: TableManifest, share: number, request: LoadRequest): Promise<boolean> {
  const { format, key, bytes } = table;
  if (format !== "text" || key === null || bytes < SPLIT_BYTES || bytes <= share) return false;
  return !(await request.isBinary(table));
}

/** Largest first, so that no session works alone at the end. */
export async function loadTasks(tables: readonly TableManifest[], request: LoadRequest): Promise<Task[]> {
  const all = [...tables].filter(({ rows }) => rows > 0).sort((a, b) => b.bytes - a.bytes);
  const sorted = all.filter((table) => !request.roots.has(keyOf(table)));
  const large = sorted.filter(isLarge);
  const share = sorted.reduce((sum, { bytes }) => sum + bytes, 0) / request.jobs;
  const tasks: Task[] = [];
  for (const table of large) {
    if (await isSplit(table, share, request)) tasks.push(...splitTasks(table, request));
    else
      tasks.push({
        label: shownName(table),
        tables: [keyOf(table)],
        shared: false,
        run: (session) => orLater(session, [table], request.late, () => loadLarge(session, table, request)),
      });
  }
  for (const group of groups(sorted.filter((table) => !isLarge(table)))) {
    tasks.push({
      label: shownName(group[0]!),
      tables: group.map(keyOf),
      shared: false,
      run: (session) => orLater(session, group, request.late, () => loadSmall(session, group, request)),
    });
  }
  for (const table of all) {
    const root = request.roots.get(keyOf(table));
    if (root !== undefined)
      tasks.push({
        label: shownName(table),
        tables: [keyOf(table)],
        shared: false,
        run: (session) => loadThrough(session, root, table, request),
      });
  }
  return tasks;
}

async function loadThrough(
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

/** What a function may say that does not find what it reads: data exceptions, violated constraints, errors that it raises. */
const MAY_PASS_LATER = /^(?:22|23|P0)/;

/** Loads tables in a transaction; what the server refuses there is left for later. */
async function orLater(
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

/** The others would be done before it: all sessions load it, which then cannot be frozen. Its rows come to lie about in their order. */
function splitTasks(table: TableManifest, request: LoadRequest): Task[] {
  const done: Loaded[] = [];
  let failure: unknown;
  async function* content(): AsyncGenerator<ContentPiece> {
    for await (const part of request.content(table.path)) {
      if (failure !== undefined) throw failure;
      yield part;
    }
  }
  const reader = dealRows(content());
  return Array.from({ length: request.jobs }, () => ({
    label: shownName(table),
    tables: [keyOf(table)],
    shared: true,
    async run(session) {
      try {
        done.push(
          await copyTable(session, table, request, { source: reader(), frozen: false, digests: true }),
        );
      } catch (error) {
        failure ??= error;
        throw error;
      }
      if (done.length < request.jobs) return;
      checkRows(
        session,
        table,
        request,
        done.reduce((sum, { rows }) => sum + rows, 0),
      );
      request.digests.set(keyOf(table), done.map(({ digest }) => digest ?? null).reduce(bothDigests));
      request.onTable(table);
    },
  }));
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

function checkRows(session: Session, table: TableManifest, { nameOf }: CopyRequest, rows: number): void {
  if (rows === table.rows) return;
  throw new DatabaseDiffersError(
    `${session.target.label}: ${shownName(nameOf(table))} took ${rows} rows, and the backup has ${table.rows}`,
    "check the store with datadb check --read-data; a trigger or rule of the table may also have left out rows",
  );
}
