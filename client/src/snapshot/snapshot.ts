/** Makes one backup: source, ingest, upload, commit. */
import { readFileSync } from "node:fs";
import { decodeMeta, EmptySourceError, metaId, metaName, snapshotId, UsageError } from "@datadb/protocol";
import type { Connection, StoreFacts } from "../connection.ts";
import { type Engine, startEngine } from "../ingest/engine.ts";
import { holdLease } from "../lease/hold-backup.ts";
import type { Backup } from "../list/backup.ts";
import { isPostgresSource } from "../postgres/backup/postgres-source.ts";
import { anchorPatterns } from "../source/ignore-rules.ts";
import { ownerNames } from "../source/owner-names.ts";
import { previousMetas } from "../source/previous-metas.ts";
import type { PreviousTree } from "../source/previous-tree.ts";
import type { ScanRules } from "../source/scan-unit.ts";
import { TreeWalk } from "../source/tree-walk.ts";
import { WalkReport } from "../source/walk-report.ts";
import { fetchContents } from "../tree/fetch-contents.ts";
import { backupFields } from "./backup-fields.ts";
import { commitBackup } from "./commit-backup.ts";
import { filesSnapshot } from "./files-snapshot.ts";
import { type Identity, identityOf } from "./identity.ts";
import { isWhole } from "./is-whole.ts";
import { canBeReadAgain, isDiskFull, lostItsLease, streamHasGone } from "./lost-lease.ts";
import { cacheField, previousBackup, previousCacheStream, previousTree } from "./previous-backup.ts";
import { reportProgress } from "./report-progress.ts";
import type { SnapshotOptions, SnapshotSource, SnapshotSummary } from "./snapshot-options.ts";
import { type StreamSource, streamSnapshot } from "./stream-snapshot.ts";
import { untilAborted } from "./until-aborted.ts";
import { warnOfClock } from "./warn-of-clock.ts";

/** What is known when the content is in the store. */
interface Taken {
  /** Canonical root meta. */
  root: Buffer;
  entries: number;
  bytes: number;
  cache: string | null;
  /** Fields that only this kind of source has. */
  fields?: Record<string, string>;
}

interface Job {
  connection: Connection;
  facts: StoreFacts;
  source: SnapshotSource;
  identity: Identity;
  options: SnapshotOptions;
  before: Backup | null;
  previous: PreviousTree | null;
  report: WalkReport;
  /** Aborted when the snapshot ends, however it ends. */
  stop: AbortSignal;
}

/**
 * Backs up `source` into the store behind `connection`, and resolves when the backup is durable and listed.
 * Entries that cannot be read are in the summary (`complete` is false then), not errors.
 *
 * Throws NOT_FOUND (no such path), EMPTY_SOURCE, COMMAND_FAILED, INTERRUPTED (by `signal`), USAGE, DISK_FULL,
 * CONNECTION_LOST, LEASE_LOST (of standard input, which cannot be read again): then nothing is listed, and what was stored is found by the next try.
 *
 * @example
 * const { backup, bytes } = await snapshot(connection, ["/etc"], { name: "etc", tags: ["daily"] });
 */
export async function snapshot(
  connection: Connection,
  source: SnapshotSource,
  options: SnapshotOptions = {},
): Promise<SnapshotSummary> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await takeSnapshot(connection, source, options, attempt > 1);
    } catch (error) {
      if (!lostItsLease(error)) throw error;
      if (!canBeReadAgain(source)) throw streamHasGone(error as Error);
      if (attempt >= ATTEMPTS) throw error;
    }
  }
}

/** Content that was relied on went twice: somebody plays with the clock. */
const ATTEMPTS = 3;

/** `anew`: everything is read and asked for again, whatever an earlier backup had. */
async function takeSnapshot(
  connection: Connection,
  source: SnapshotSource,
  options: SnapshotOptions,
  anew: boolean,
): Promise<SnapshotSummary> {
  const started = performance.now();
  const identity = identityOf(source, options);
  const facts = await connection.facts();
  options.signal?.throwIfAborted();
  const report = new WalkReport();
  const stop = new AbortController();
  const walking: { walk?: TreeWalk } = {};
  // Workers need as long to start as the questions to the store that follow.
  const engine = startEngine({
    connection,
    facts,
    jobs: checkJobs(options.jobs),
    // How many a database needs is known when it has been looked at.
    workersAtOnce: identity.source === "postgres" ? 1 : undefined,
    files: identity.source === "files",
    rules: scanRules(facts, identity, options),
    owners: ownerNames(),
    dryRun: options.dryRun ?? false,
    idle: () => walking.walk?.pump(),
    nativeMissing: (reason) => report.nativeMissing(reason),
    progress: (bytes, path) => report.progress(bytes, path),
  });
  let stopReporting = (): void => {};
  let reason: Error | undefined;
  const endHold = await holdLease(connection);
  let listed = false;
  try {
    // A database is cut as the last time; of anything else nothing is taken for granted.
    const blind = options.heal && identity.source !== "postgres";
    const { before, previous } = blind
      ? { before: null, previous: null }
      : await lookBack(connection, facts, identity, { anew, readAll: options.readAll ?? false });
    stopReporting = reportProgress(options.onProgress, report, engine.upload.counts, before);
    const job: Job = {
      connection,
      facts,
      source,
      identity,
      options: { ...options, readAll: anew || (options.readAll ?? false) },
      before,
      previous,
      report,
      stop: stop.signal,
    };
    const taken = await untilAborted(take(job, engine, walking), engine, options.signal);
    const summary = await finish(job, engine, taken, started);
    listed = true;
    return summary;
  } catch (error) {
    reason = error as Error;
    if (typeof source === "object" && "stdin" in source) source.stdin.destroy();
    throw error;
  } finally {
    stopReporting();
    stop.abort();
    await engine.close(reason);
    // What a failed one has sent is found by the next try, while the lease lasts: but not where it fills the disk.
    if (listed || isDiskFull(reason)) await endHold();
  }
}

async function lookBack(
  connection: Connection,
  { hash }: StoreFacts,
  { host, path, source }: Identity,
  { anew, readAll }: { anew: boolean; readAll: boolean },
): Promise<Pick<Job, "before" | "previous">> {
  const before = await previousBackup(connection, hash, host, path);
  // Its nodes and chunks are taken over without a question.
  if (before !== null) await connection.call("LEASE", "BACKUP", before.id).catch(() => undefined);
  if (anew) return { before, previous: null };
  const previous = source === "files" ? await previousTree(connection, hash, before) : null;
  // What an earlier backup refers to may be lost: then every file is read, and what is missing is put again.
  if (previous !== null && (readAll || !(await isWhole(connection)))) previous.cache = null;
  return { before, previous };
}

function checkJobs(jobs: number | undefined): number | undefined {
  if (jobs === undefined || (Number.isInteger(jobs) && jobs >= 1 && jobs <= 64)) return jobs;
  throw new UsageError(`${jobs} is no number of jobs`, "give a number from 1 to 64");
}

function scanRules(facts: StoreFacts, { paths }: Identity, options: SnapshotOptions): ScanRules {
  const files = (options.excludeFrom ?? []).map((file) => {
    try {
      return readFileSync(file, "utf8").split(/\r?\n/);
    } catch (cause) {
      throw new UsageError(`the patterns in ${file} cannot be read: ${(cause as Error).message}`, { cause });
    }
  });
  const patterns = [...(options.exclude ?? []), ...files.flat()];
  return {
    exclude: paths.map((path) => anchorPatterns(patterns, path)),
    gitignore: options.gitignore ?? false,
    excludeCaches: options.excludeCaches ?? false,
    storeId: facts.id,
    read: !(options.dryRun ?? false),
  };
}

async function take(job: Job, engine: Engine, walking: { walk?: TreeWalk }): Promise<Taken> {
  const { source, identity, options, facts, before, previous, report } = job;
  if (typeof source === "object" && !Array.isArray(source)) {
    if (!isPostgresSource(source)) return await streamSnapshot(engine, source as StreamSource, job);
    // Only databases need their driver.
    const { postgresSnapshot } = await import("../postgres/backup/postgres-snapshot.ts");
    return await postgresSnapshot(engine, source, { ...job, name: identity.name });
  }
  const walk = new TreeWalk({
    pool: engine.pool,
    hash: facts.hash,
    emit: engine.emit,
    cache: previous?.cache ?? null,
    report,
    dryRun: options.dryRun ?? false,
  });
  walking.walk = walk;
  const root = await filesSnapshot(
    {
      walk,
      engine,
      hash: facts.hash,
      previous,
      previousEntries: identity.paths.length > 1 ? await entriesOf(job) : new Map(),
      oneFileSystem: options.oneFileSystem ?? false,
    },
    identity.paths,
  );
  if (
    root.entries <= 1 &&
    decodeMeta(root.meta).type === "directory" &&
    (before?.entries ?? 0) > 1 &&
    !options.allowEmpty
  ) {
    throw new EmptySourceError(`${identity.path} is empty, and its previous backup was not`, {
      next: "is the disk mounted? If it is meant to be empty, allow it: --allow-empty",
      fields: { path: identity.path },
    });
  }
  if (options.dryRun) return { root: root.meta, entries: root.entries, bytes: root.bytes, cache: null };
  engine.emit(metaId(facts.hash, root.meta), root.meta);
  const { ref, bytes } = await engine.stream(walk.cacheWriter.pieces(), previousCacheStream(before));
  await engine.settle();
  return { root: root.meta, entries: root.entries, bytes: root.bytes, cache: cacheField(ref, bytes) };
}

/** Entries of the previous backup's root, by latin1 name. */
async function entriesOf({ connection, facts, previous }: Job): Promise<Map<string, Buffer>> {
  const directory = previous && decodeMeta(previous.root).directory;
  if (!directory) return new Map();
  const fetch = async (names: Buffer[]): Promise<(Buffer | null)[]> =>
    (await fetchContents(connection, facts.hash, "node", names)).map((c) => (c instanceof Error ? null : c));
  const [metas] = await previousMetas([directory], fetch, facts.hash);
  return new Map((metas ?? []).map((meta) => [metaName(meta).toString("latin1"), meta]));
}

async function finish(job: Job, engine: Engine, taken: Taken, started: number): Promise<SnapshotSummary> {
  const { connection, facts, identity, options, report } = job;
  const { counts } = engine.upload;
  const ref = metaId(facts.hash, taken.root).toString("hex");
  const seconds = (): number => Math.round(performance.now() - started) / 1000;
  if (options.heal) await connection.call("DONE");
  const committed =
    options.dryRun || options.heal
      ? null
      : await commitBackup(connection, identity.host, identity.path, ref, {
          ...backupFields(identity, options, report, taken),
          added: counts.newBytes,
          ...taken.fields,
          stored: connection.local ? counts.storedBytes : null,
          seconds: seconds(),
        });
  if (committed !== null) warnOfClock(committed.time, options.onWarning);
  const { counts: entries } = report;
  return {
    backup: committed?.backup ?? null,
    snapshot: committed?.snapshot ?? snapshotId(facts.hash, identity.host, identity.path).toString("hex"),
    name: identity.name,
    host: identity.host,
    path: identity.path,
    source: identity.source,
    time: committed?.time ?? null,
    ref,
    complete: report.unreadable === 0,
    entries: { new: entries.new, changed: entries.changed, unchanged: entries.unchanged },
    bytes: { read: entries.bytesRead, new: counts.newBytes, stored: counts.storedBytes },
    size: taken.bytes,
    filesRead: entries.filesRead,
    seconds: seconds(),
    problems: report.problems,
    unreadable: report.unreadable,
    changedWhileRead: report.changedWhileRead,
    ...(options.dryRun ? { toRead: report.toRead } : {}),
  };
}
