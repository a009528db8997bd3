/** Loads the rows of tables: large ones alone, frozen; one that is larger than the rest by all sessions; small ones many in a transaction. */
import { DatabaseDiffersError } from "@datadb/protocol";
import type { ContentPiece } from "../../cat/content-piece.ts";
import { databaseError } from "../connect/database-error.ts";
import type { Session } from "../connect/open-session.ts";
import type { TableManifest } from "../manifest/manifest.ts";
import type { RowSum } from "../rows/row-sum.ts";
import { copyIn } from "./copy-in.ts";
import { dealRows } from "./deal-rows.ts";
import { loadedSum } from "./loaded-sum.ts";
import { bothDigests, digesterOf, type RowsDigest } from "./row-digest.ts";
import { keyOf, quoteName, shownName, sqlName } from "./script/object-name.ts";
import type { Task } from "./tasks.ts";

/** `digests` null: the rows will not be compared. */
export type LoadOneRequest = Omit<LoadRequest, "digests" | "sums" | "jobs"> & {
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
  /** Sessions that load. */
  jobs: number;
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

/** Without a key, the order in which its rows lie is the order of the next backup. */
function isSplit({ format, key, bytes }: TableManifest, share: number): boolean {
  return format === "text" && key !== null && bytes >= SPLIT_BYTES && bytes > share;
}

/** Largest first, so that no session works alone at the end. */
export function loadTasks(tables: readonly TableManifest[], request: LoadRequest): Task[] {
  const sorted = [...tables].filter(({ rows }) => rows > 0).sort((a, b) => b.bytes - a.bytes);
  const large = sorted.filter(isLarge);
  const share = sorted.reduce((sum, { bytes }) => sum + bytes, 0) / request.jobs;
  const tasks: Task[] = large.flatMap((table): Task[] =>
    isSplit(table, share)
      ? splitTasks(table, request)
      : [
          {
            label: shownName(table),
            tables: [keyOf(table)],
            shared: false,
            run: (session) => loadLarge(session, table, request),
          },
        ],
  );
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
  for (const table of tables) await loadTable(session, table, request, false);
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
  checkRows(session, table, request, loaded.rows);
  if (loaded.digest !== undefined) digests?.set(keyOf(table), loaded.digest);
}

interface Loaded {
  rows: number;
  /** Undefined where it was not wanted. */
  digest: RowsDigest | undefined;
}

type CopyRequest = Pick<LoadOneRequest, "nameOf" | "onBytes" | "sums">;

async function copyTable(
  session: Session,
  table: TableManifest,
  { nameOf, onBytes, sums }: CopyRequest,
  { source, frozen, digests }: { source: AsyncIterable<ContentPiece>; frozen: boolean; digests: boolean },
): Promise<Loaded> {
  const name = nameOf(table);
  const options = [`FORMAT ${table.format}`, ...(frozen ? ["FREEZE"] : [])].join(", ");
  const digester = digests ? digesterOf(session) : null;
  const sum = digests ? await loadedSum(session, table, name) : null;
  if (sum !== null) sums?.set(keyOf(table), sum);
  digester?.begin(table.format, sum);
  try {
    const rows = await copyIn(
      session.client,
      `COPY ${sqlName(name)}${columnList(table)} FROM STDIN (${options})`,
      source,
      (bytes) => {
        digester?.update(bytes);
        onBytes(bytes.length);
      },
    );
    return { rows, digest: digester?.finish() };
  } catch (error) {
    throw databaseError(error, `${session.target.label}: loading ${shownName(name)}`);
  }
}

function checkRows(session: Session, table: TableManifest, { nameOf }: CopyRequest, rows: number): void {
  if (rows === table.rows) return;
  throw new DatabaseDiffersError(
    `${session.target.label}: ${shownName(nameOf(table))} took ${rows} rows, and the backup has ${table.rows}`,
    "check the store with datadb check --read-data; a trigger or rule of the table may also have left out rows",
  );
}

/** A table without columns, or with generated ones only, has none to list. */
export function columnList({ columns }: TableManifest): string {
  return columns.length === 0 ? "" : ` (${columns.map(quoteName).join(", ")})`;
}
