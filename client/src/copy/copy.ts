/** Copies backups from one store to another. */
import { DatadbError, ReplyError, UsageError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { type EndHold, holdBackups, holdLease } from "../lease/hold-backup.ts";
import type { Backup } from "../list/backup.ts";
import { listBackups } from "../list/list-backups.ts";
import { type BlobSink, blobSink } from "./blob-sink.ts";
import { copyOne } from "./copy-one.ts";
import type { CopiedBackup, CopyOptions, CopySummary } from "./copy-options.ts";

/**
 * Copies `backups` of `source` to `target`, oldest first, and sends only what the target lacks. A copy has the id, time, fields and
 * content of its original; pins stay where they are. What is listed there already is left as it is: an interrupted copy is gone on with by
 * repeating it. Every blob is verified on the way.
 *
 * A backup that cannot be copied (DAMAGED, or refused) is told to `onBackup`, and the others go on. Throws USAGE when the stores name
 * content by different hashes, CONNECTION_LOST, and the reason of `signal`.
 *
 * @example
 * await copyBackups(here, there, await listBackups(here, { name: "documents" }));
 */
export async function copyBackups(
  source: Connection,
  target: Connection,
  backups: readonly Backup[],
  options: CopyOptions = {},
): Promise<CopySummary> {
  const started = performance.now();
  const [{ hash }, there] = await Promise.all([source.facts(), target.facts()]);
  if (hash !== there.hash) {
    throw new UsageError(
      `the stores name content by different hashes (${hash} and ${there.hash}): their backups cannot be the same`,
      { next: `copy to a store that was made with datadb init --hash ${hash}, or restore and back up again` },
    );
  }
  const known = new Map((await listBackups(target)).map((backup) => [backup.id, backup]));
  const unique = new Map(backups.map((backup) => [backup.id, backup]));
  const wanted = [...unique.values()].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const missing = wanted.filter(({ id }) => !known.has(id));
  const summary: CopySummary = {
    copied: 0,
    there: 0,
    failed: 0,
    missing: 0,
    sent: { blobs: 0, bytes: 0 },
    bytes: 0,
    seconds: 0,
  };
  const run: Run = {
    ...{ source, target, hash, known, options, summary },
    sink: blobSink(target),
    own: new Set(unique.keys()),
    total: { backups: missing.length, bytes: missing.reduce((sum, { size }) => sum + size, 0) },
    done: 0,
  };
  const hold = options.dryRun ? async () => {} : await holdBoth(source, target, missing);
  try {
    for (const backup of wanted) {
      options.signal?.throwIfAborted();
      const copied = await copyWanted(run, backup);
      summary[copied.outcome] += 1;
      if (copied.outcome === "copied" || copied.outcome === "missing") summary.bytes += backup.size;
      options.onBackup?.(copied);
    }
  } finally {
    await hold();
  }
  summary.sent = { ...run.sink.sent };
  summary.seconds = Math.round(performance.now() - started) / 1000;
  return summary;
}

interface Run {
  source: Connection;
  target: Connection;
  hash: "sha256" | "sha1";
  /** What the target lists, by id. */
  known: Map<string, Backup>;
  /** Ids that the source surely has. */
  own: ReadonlySet<string>;
  /** What is to be copied. */
  total: { backups: number; bytes: number };
  options: CopyOptions;
  summary: CopySummary;
  sink: BlobSink;
  /** Content bytes of backups that are done. */
  done: number;
}

/** Nothing of what is read, or was found to be there, goes away meanwhile. */
async function holdBoth(
  source: Connection,
  target: Connection,
  backups: readonly Backup[],
): Promise<() => Promise<void>> {
  const ends: EndHold[] = [await holdBackups(source, backups)];
  ends.push(await holdLease(target));
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
}

async function copyWanted(run: Run, backup: Backup): Promise<CopiedBackup> {
  const { known, options } = run;
  if (known.has(backup.id)) return { backup, outcome: "there" };
  if (options.dryRun) return { backup, outcome: "missing" };
  const before = run.done;
  run.done += backup.size;
  try {
    await copyOne(
      { ...run, ...(await lookBack(run, backup)), arrived: reporter(run, backup, before) },
      backup,
    );
    known.set(backup.id, backup);
    return { backup, outcome: "copied" };
  } catch (error) {
    options.signal?.throwIfAborted();
    // What another backup would meet as well ends the copy; it can be repeated.
    if (!isAboutOneBackup(error)) throw error;
    return { backup, outcome: "failed", error };
  }
}

/** The version that the new one's content is encoded against: read from the nearer store when it is there too. */
async function lookBack(
  { known, own, source, target }: Run,
  { snapshot, time }: Backup,
): Promise<Pick<Parameters<typeof copyOne>[0], "previous">> {
  const older = [...known.values()].filter((one) => one.snapshot === snapshot && one.time < time);
  const backup = older.sort((a, b) => (a.time < b.time ? 1 : -1))[0];
  if (backup === undefined) return { previous: null };
  // A base is taken only when the session holds it.
  await target.call("LEASE", "BACKUP", backup.id).catch(() => undefined);
  return { previous: { backup, from: own.has(backup.id) ? source : target } };
}

function reporter(run: Run, { name, size, time }: Backup, before: number): (bytes: number) => void {
  const { options, total, summary } = run;
  let bytes = 0;
  return (more) => {
    // Hard-linked content is counted once for each of its names.
    bytes = Math.min(bytes + more, size);
    options.onProgress?.({
      backups: summary.copied + summary.failed,
      totalBackups: total.backups,
      bytes: before + bytes,
      totalBytes: total.bytes,
      current: `${name} of ${time}`,
    });
  };
}

/** Codes of what is wrong with one backup, or is refused for it alone. */
const OWN_CODES = new Set(["DAMAGED", "DECODE", "HASH_MISMATCH", "FORMAT_TOO_NEW"]);

function isAboutOneBackup(error: unknown): error is Error {
  if (error instanceof DatadbError) return OWN_CODES.has(error.code);
  return error instanceof ReplyError && ["EXISTS", "DAMAGED"].includes(error.kind);
}
