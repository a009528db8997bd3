/** Takes in everything that the snapshot of a database shows: definitions, rows and large objects at the same time. */
import { setImmediate } from "node:timers/promises";
import { DatadbError } from "@datadb/protocol";
import type { Connection, StoreFacts } from "../../connection.ts";
import type { Engine } from "../../ingest/engine.ts";
import { streamBases } from "../../ingest/stream-bases.ts";
import type { WalkReport } from "../../source/walk-report.ts";
import { fetchContents } from "../../tree/fetch-contents.ts";
import type { LargeObjectFacts } from "../catalogue/relations.ts";
import { openSession } from "../connect/open-session.ts";
import type { Session } from "../connect/session.ts";
import {
  LARGE_OBJECTS_DIRECTORY,
  LARGE_OBJECTS_PATH,
  type LargeObject,
  type TableManifest,
} from "../manifest/manifest.ts";
import { writeLargeObjects } from "../manifest/write-manifest.ts";
import type { BackupFiles } from "./backup-files.ts";
import { readLargeObjects } from "./large-objects.ts";
import type { LockedTables } from "./lock/lock-tables.ts";
import type { PreviousTables } from "./previous-tables.ts";
import { oneAtATime } from "./read/one-at-a-time.ts";
import { readTables } from "./read/read-tables.ts";
import type { RowsSeat } from "./read/rows-unit.ts";
import type { TableCache } from "./read/table-cache.ts";
import type { NodeBase, TableContent } from "./read/table-content.ts";
import type { TableToRead } from "./read/table-to-read.ts";
import { type CatalogueFacts, readFacts } from "./read-facts.ts";

export interface TakeContentOptions {
  engine: Engine;
  connection: Connection;
  facts: StoreFacts;
  holder: Session;
  locked: LockedTables<TableToRead>;
  previous: PreviousTables;
  files: BackupFiles;
  report: WalkReport;
  stop: AbortSignal;
  applicationName: string;
  largeObjects: readonly LargeObjectFacts[];
  seats: readonly RowsSeat[];
  binary: ReadonlySet<string>;
  /** Puts the files with definitions. */
  definitions(): Promise<void>;
}

export interface TakenContent {
  facts: CatalogueFacts;
  /** In order of schema and name. */
  tables: TableManifest[];
  /** What the next backup needs of each table, by path. */
  caches: Map<string, TableCache>;
  fields: Record<string, string>;
}

/** Tables whose seconds are told: those that took the longest. */
const MOST_TIMED = 50;

/** What fails first ends all. */
export async function takeContent(options: TakeContentOptions): Promise<TakenContent> {
  const { engine, facts, holder, locked, previous, files, report, applicationName, seats } = options;
  const turn = oneAtATime();
  const stop = new AbortController();
  const tables: TableManifest[] = [];
  const caches = new Map<string, TableCache>();
  const seconds: [string, number][] = [];
  const rows = readTables({
    engine,
    hash: facts.hash,
    holder,
    turn,
    locked,
    previous,
    seats,
    binary: options.binary,
    applicationName,
    stop,
    nodeBases: (path) => nodeBases(options, path),
    progress: (bytes, path) => report.progress(bytes, path),
    read(table, content, format, sums) {
      files.set(table.path, content.ref, content.bytes, { rows: content.rows });
      tables.push(tableManifest(table, content, format));
      if (content.marks.length > 0) caches.set(table.path, { marks: content.marks, sums });
      seconds.push([table.path, content.seconds]);
      report.counts.bytesRead += content.bytes - content.kept;
      report.known += content.kept;
      report.finished++;
      report.underWay = Math.max(0, report.underWay - content.bytes);
    },
  });
  const others = Promise.all([
    options.definitions(),
    // The readers wait for what the first table is divided into: that comes first.
    setImmediate().then(() => turn(() => readFacts(holder))),
    putLargeObjects(options),
  ]);
  try {
    const [[, catalogue]] = await Promise.all([others, rows]);
    tables.sort((a, b) => (a.path < b.path ? -1 : 1));
    return { facts: catalogue, tables, caches, fields: { "pg.seconds": timesOf(seconds) } };
  } catch (error) {
    stop.abort();
    // Another try must find the sessions and workers free.
    await Promise.allSettled([rows, others]);
    throw snapshotLost(holder) ?? error;
  }
}

/** Without the session that holds it, the others only know that there is no such snapshot. */
function snapshotLost(holder: Session): DatadbError | null {
  const lost = holder.lostBy();
  if (lost === null) return null;
  const { message, next, fields } = lost;
  return new DatadbError(lost.code, `${message}; it was the session that held the snapshot`, {
    next,
    fields,
    cause: lost,
  });
}

function tableManifest(table: TableToRead, content: TableContent, format: "text" | "binary"): TableManifest {
  const { schema, name, path, kind, columns, key, identityAlways, rowSecurity, filter, order } = table;
  const { chunk, list } = content.ref;
  return {
    schema,
    name,
    path,
    kind,
    columns,
    key: key === null ? null : { columns: key.columns, index: key.index },
    order,
    identityAlways,
    rowSecurity,
    format,
    ...(filter === null ? {} : { filter }),
    threshold: content.threshold,
    rows: content.rows,
    bytes: content.bytes,
    root: (list ?? chunk)?.toString("hex") ?? "",
  };
}

function timesOf(seconds: readonly [string, number][]): string {
  const longest = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, MOST_TIMED);
  return JSON.stringify(
    Object.fromEntries(longest.map(([path, time]) => [path, Math.round(time * 1000) / 1000])),
  );
}

/** The nodes of the previous list of a table. */
async function nodeBases(
  { connection, facts, previous }: TakeContentOptions,
  path: string,
): Promise<NodeBase> {
  const list = previous.files.get(path)?.list;
  if (list === undefined) return () => undefined;
  const fetch = async (names: Buffer[]): Promise<(Buffer | null)[]> =>
    (await fetchContents(connection, facts.hash, "node", names)).map((content) =>
      content instanceof Error ? null : content,
    );
  const bases = await streamBases(fetch, facts.hash, { list }, previous.files.get(path)!.size);
  return (name, content) => bases.node(name, content);
}

/** In a session of their own, so that tables go on meanwhile. */
async function putLargeObjects(options: TakeContentOptions): Promise<void> {
  const { largeObjects, holder, locked, files, applicationName } = options;
  if (largeObjects.length === 0) return;
  const session = await openSession(holder.target, applicationName);
  try {
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    await session.query(`SET TRANSACTION SNAPSHOT '${locked.snapshot}'`);
    const described: LargeObject[] = [];
    for await (const { object, pieces } of readLargeObjects(session, largeObjects)) {
      options.stop.throwIfAborted();
      const { bytes } = await files.put(`${LARGE_OBJECTS_DIRECTORY}/${object.oid}`, pieces);
      const { oid, owner, acl, comment } = object;
      described.push({ oid, owner, acl, comment, bytes });
    }
    await files.put(LARGE_OBJECTS_PATH, [writeLargeObjects(described)]);
  } finally {
    await session.end();
  }
}
