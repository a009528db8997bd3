/** Deals the rows of all tables out to the sessions: large ones alone, one that is larger than the rest to all, small ones many at once. */
import type { ContentPiece } from "../../../cat/content-piece.ts";
import type { TableManifest } from "../../manifest/manifest.ts";
import { keyOf, shownName } from "../script/object-name.ts";
import type { Task } from "../tasks.ts";
import { copyTable, type Loaded } from "./copy-table.ts";
import { dealRows } from "./deal-rows.ts";
import { orLater } from "./load-late.ts";
import type { LoadRequest } from "./load-request.ts";
import { checkRows, isLarge, loadLarge, loadSmall, loadThrough } from "./load-table.ts";
import { bothDigests } from "./row-digest.ts";

const GROUP_BYTES = 8 << 20;
const GROUP_TABLES = 100;

/** From here on a table may be worth several sessions. */
const SPLIT_BYTES = 64 << 20;

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
      tasks.push(
        task([table], (session) =>
          orLater(session, [table], request.late, () => loadLarge(session, table, request)),
        ),
      );
  }
  for (const group of groups(sorted.filter((table) => !isLarge(table))))
    tasks.push(
      task(group, (session) =>
        orLater(session, group, request.late, () => loadSmall(session, group, request)),
      ),
    );
  for (const table of all) {
    const root = request.roots.get(keyOf(table));
    if (root !== undefined)
      tasks.push(task([table], (session) => loadThrough(session, root, table, request)));
  }
  return tasks;
}

/** By one session. */
function task(tables: readonly TableManifest[], run: Task["run"]): Task {
  return { label: shownName(tables[0]!), tables: tables.map(keyOf), shared: false, run };
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
