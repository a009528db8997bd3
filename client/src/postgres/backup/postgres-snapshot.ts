/** Backs up a PostgreSQL database: one snapshot of it, read by several sessions, as a directory. */
import { DatabaseBusyError, DatabaseChangedError, DatadbError, metaId } from "@datadb/protocol";
import type { Connection, StoreFacts } from "../../connection.ts";
import type { Engine } from "../../ingest/engine.ts";
import type { Backup } from "../../list/backup.ts";
import { cacheField, previousCacheStream } from "../../snapshot/previous-backup.ts";
import type { SnapshotOptions } from "../../snapshot/snapshot-options.ts";
import type { WalkReport } from "../../source/walk-report.ts";
import { readSequences } from "../catalogue/relations.ts";
import { tableSizes } from "../catalogue/tables.ts";
import type { Session } from "../connect/session.ts";
import { MANIFEST_PATH, type PostgresManifest, SEQUENCES_PATH } from "../manifest/manifest.ts";
import { tablePath } from "../manifest/table-path.ts";
import { writeManifest, writeSequences } from "../manifest/write-manifest.ts";
import { backupFiles } from "./backup-files.ts";
import { buildTree } from "./build-tree.ts";
import { changesField } from "./changes-field.ts";
import { countFiles } from "./count-files.ts";
import { lockJoined } from "./lock/lock-joined.ts";
import { type LockedTables, lockTables } from "./lock/lock-tables.ts";
import { manifestOf } from "./manifest-of.ts";
import { type OpenBackup, openBackup, viewDatabase } from "./open-backup.ts";
import type { PostgresSource } from "./postgres-source.ts";
import { type PreviousTables, previousTables } from "./previous-tables.ts";
import { putDefinitions } from "./put-definitions.ts";
import { prepareWorkers } from "./read/prepare-workers.ts";
import { readingSeats } from "./read/reading-seats.ts";
import type { RowsSeat } from "./read/rows-unit.ts";
import { writeTableCaches } from "./read/table-cache.ts";
import { type TableToRead, tablesToRead } from "./read/table-to-read.ts";
import { tooLongTable } from "./read/too-long.ts";
import { refuseEmptied } from "./refuse-emptied.ts";
import { leavingKeys } from "./select-tables.ts";
import { takeContent } from "./take-content.ts";

/** What the snapshot of a database needs of the snapshot that it is part of. */
export interface PostgresContext {
  connection: Connection;
  facts: StoreFacts;
  name: string;
  options: SnapshotOptions;
  before: Backup | null;
  report: WalkReport;
  stop: AbortSignal;
}

export interface PostgresTaken {
  root: Buffer;
  entries: number;
  bytes: number;
  cache: string | null;
  /** Fields of the backup that only databases have. */
  fields: Record<string, string>;
}

const LOCK_TIMEOUT_MS = 30_000;
/** pg_dump waits so long for one lock: meanwhile others wait for what it has. */
const DUMP_LOCK_MS = 5000;
/** However little is left of --lock-timeout. */
const LEAST_LOCK_MS = 1000;

const APPLICATION_NAME = `datadb snapshot ${process.pid}`;

/** The sessions of a backup. Throws what openBackup throws. */
export function openSource(
  source: PostgresSource,
  { dryRun, onWarning = () => {} }: Pick<SnapshotOptions, "dryRun" | "onWarning">,
  signal?: AbortSignal,
): Promise<OpenBackup> {
  const what = dryRun ? "rows" : "names";
  return openBackup(source, { applicationName: APPLICATION_NAME, what, warn: onWarning, signal });
}

/** Resolves when all content is accepted. Throws the errors of openBackup and lockTables, DATABASE_FAILED, EMPTY_SOURCE. */
export async function postgresSnapshot(
  engine: Engine,
  source: PostgresSource,
  context: PostgresContext,
): Promise<PostgresTaken> {
  const { connection, facts, options, before, report, stop } = context;
  const warn = options.onWarning ?? (() => {});
  stop.throwIfAborted();
  prepareWorkers(engine, [{ worker: 0, lane: 0 }], null);
  const opening = options.approach?.take() ?? openSource(source, options, stop);
  stop.addEventListener("abort", () => opening.then((opened) => opened.end()).catch(() => {}));
  const readAll = (options.readAll || options.heal) ?? false;
  const lookingBack = previousTables(connection, facts, before, readAll);
  const opened = await opening;
  try {
    // The workers are gone then, and nobody hears what comes of it.
    stop.throwIfAborted();
    if (options.dryRun) return await dryRun(opened, context);
    const seats = await readingSeats(opened.watcher, {
      jobs: options.jobs,
      workers: engine.pool.size,
      isFirst: before === null,
      tables: opened.view.tables.length,
    });
    if (!source.schemaOnly)
      prepareWorkers(engine, seats, { target: opened.holder.target, applicationName: APPLICATION_NAME });
    const previous = await lookingBack;
    const binary = new Set<string>();
    const until = performance.now() + (source.lockTimeout ?? LOCK_TIMEOUT_MS);
    const lock = locker(opened, source, warn, stop);
    for (;;) {
      const { locked, view } = await lock(until - performance.now());
      report.totalBytes = locked.tables.reduce(
        (sum, table) => sum + (previous.table(table.path)?.bytes ?? table.bytes),
        0,
      );
      try {
        return await readLocked(engine, source, context, {
          opened,
          view,
          previous,
          locked,
          lockWait: Math.min(DUMP_LOCK_MS, Math.max(LEAST_LOCK_MS, Math.round(until - performance.now()))),
          applicationName: APPLICATION_NAME,
          binary,
          seats,
        });
      } catch (error) {
        const tooLong = error instanceof DatadbError ? tooLongTable(error) : null;
        const again =
          tooLong === null
            ? (error instanceof DatabaseBusyError || error instanceof DatabaseChangedError) &&
              performance.now() < until
            : !binary.has(tooLong);
        if (!again) throw error;
        if (tooLong !== null) binary.add(tooLong);
        warn(
          `${(error as Error).message}; ${tooLong === null ? "trying again" : "reading it again as binary"}`,
        );
        await opened.holder.query("ROLLBACK");
      }
    }
  } finally {
    await opened.end();
  }
}

/** Locks what is wanted, within so many milliseconds; and what the snapshot sees. */
function locker(
  { holder, watcher, rules, searchPath, view: first }: OpenBackup,
  source: PostgresSource,
  note: (text: string) => void,
  signal: AbortSignal,
): (timeout: number) => Promise<{ locked: LockedTables<TableToRead>; view: View }> {
  // Where the database has it behind others, somebody's = could take the place of the server's in a condition.
  const schemas = searchPath.filter((schema) => schema !== "pg_catalog");
  const path = schemas.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(", ");
  /** Looked at before anything was locked: what has changed since is noticed while it is locked. */
  let known: View | null = first;
  let view = first;
  async function choose(session: Session): Promise<TableToRead[]> {
    // Sizes are asked for beside the snapshot, and of what was there a moment ago: they only help to divide the work.
    const sizing =
      session === holder && !source.schemaOnly
        ? tableSizes(
            watcher,
            view.tables.map(({ oid }) => oid),
          )
        : Promise.resolve(new Map<number, number>());
    sizing.catch(() => {});
    view =
      known ??
      (await viewDatabase(session, source, {
        rules,
        searchPath,
        what: session === holder ? "rows" : "names",
      }));
    known = null;
    const sizes = await sizing;
    // On a standby nothing is in unlogged tables; foreign rows are elsewhere.
    const wanted = view.tables.filter(
      (table) => table.kind !== "foreign" && !(session.server.inRecovery && table.unlogged),
    );
    const chosen = tablesToRead(source.schemaOnly ? [] : wanted, sizes, path, session.server.versionNumber);
    // Twice: before the snapshot, so that nothing changes behind it, and by the session that stays.
    if (Object.keys(source.where ?? {}).length > 0) await lockJoined(session, chosen, session !== holder);
    return chosen;
  }
  return async (timeout) => {
    const locked = await lockTables({ holder, watcher, timeout, note, signal, choose });
    return { locked, view };
  };
}

interface Reading {
  opened: OpenBackup;
  /** Of the holder, in the snapshot. */
  view: View;
  previous: PreviousTables;
  locked: LockedTables<TableToRead>;
  /** Milliseconds in which pg_dump must get each lock. */
  lockWait: number;
  applicationName: string;
  /** Paths of tables that are read in the binary format. */
  binary: ReadonlySet<string>;
  seats: readonly RowsSeat[];
}

async function readLocked(
  engine: Engine,
  source: PostgresSource,
  context: PostgresContext,
  { opened, view, previous, locked, lockWait, applicationName, binary, seats }: Reading,
): Promise<PostgresTaken> {
  const { connection, facts, options, before, report, stop } = context;
  const { holder, watcher } = opened;
  const files = backupFiles(engine, previous, report);
  const taking = takeContent({
    engine,
    connection,
    facts,
    holder,
    locked,
    previous,
    files,
    report,
    stop,
    applicationName,
    binary,
    largeObjects: view.largeObjects,
    seats,
    definitions: () =>
      putDefinitions(
        opened,
        view,
        files,
        { applicationName, stop, lockWait, warn: options.onWarning ?? (() => {}) },
        locked,
      ),
  });
  // After the snapshot: no row of it has a number that its sequence would give again.
  const sequencing = readSequences(watcher, view.sequences);
  sequencing.catch(() => {}); // told below, when nothing worse has happened
  const content = await taking;
  const sequences = await sequencing;
  // What changed may take a while to count, and as long as the snapshot is there the server keeps dead rows for it.
  void opened.end();
  const manifest = manifestOf(source, holder.server, content, view);
  warnOfLeaving(manifest, view, options.onWarning);
  refuseEmptied(manifest, previous.manifest, context);
  await files.put(SEQUENCES_PATH, [writeSequences(sequences)]);
  await files.put(MANIFEST_PATH, [writeManifest(manifest)]);
  const { ref, bytes } = await engine.stream([writeTableCaches(content.caches)], previousCacheStream(before));
  const target = { hash: facts.hash, emit: engine.emit, bases: previous.directories };
  const tree = buildTree(target, context.name, files.files);
  engine.emit(metaId(facts.hash, tree.root), tree.root);
  await engine.settle();
  countFiles(files, previous, report);
  const changes = await changesField(connection, facts, manifest, files, previous);
  return {
    ...tree,
    cache: cacheField(ref, bytes),
    fields: { "pg.lsn": locked.lsn, "pg.snapshot-time": locked.time, ...content.fields, ...changes },
  };
}

type View = OpenBackup["view"];

function warnOfLeaving(
  manifest: PostgresManifest,
  view: View,
  warn: ((text: string) => void) | undefined,
): void {
  if (manifest.selection === null || manifest.selection.schemaOnly) return;
  for (const key of leavingKeys(manifest.foreignKeys, view.tables, view.partitioned))
    warn?.(
      `a foreign key leaves the selection: ${key}; its rows may refer to rows that are not in the backup`,
    );
}

/** What would be read: tables, as paths of the backup. */
async function dryRun(
  { view }: OpenBackup,
  { report, facts, name }: PostgresContext,
): Promise<PostgresTaken> {
  for (const { schema, name: table, kind } of view.tables)
    if (kind !== "foreign") report.toRead.push(Buffer.from(tablePath(schema, table)).toString("latin1"));
  report.counts.new = report.toRead.length;
  const { root, entries, bytes } = buildTree({ hash: facts.hash, emit() {} }, name, new Map());
  return { root, entries, bytes, cache: null, fields: {} };
}
