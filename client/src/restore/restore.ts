/** Restores a backup, or a part of it, into a directory. */
import { availableParallelism } from "node:os";
import { DecodeError, type Meta, readDirectory } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { holdBackups } from "../lease/hold-backup.ts";
import { nativeSupport } from "../native/load-native.ts";
import { findEntry } from "../tree/find-entry.ts";
import { nodeCache } from "../tree/node-cache.ts";
import { currentRestorer } from "./attributes.ts";
import { batches } from "./batches.ts";
import { inspectDestination, makeDestination, refuseConflicts, refuseStore } from "./destination.ts";
import { directoryHandles } from "./directory-handles.ts";
import type { RestoreOptions, RestoreSummary } from "./restore-options.ts";
import { finisher, restoreTree } from "./restore-tree.ts";
import type { Run } from "./run.ts";
import { tally } from "./tally.ts";
import { startWorkers } from "./worker-pool.ts";

/** The most worker threads without being asked: beyond, the main thread is what they wait for. */
const MAX_JOBS = 4;

/**
 * Restores what is at `path` (the root when empty): the content of a directory lands directly in `destination`,
 * anything else lands in it under its name. Every blob is verified; a file appears under its name only when it is
 * complete; nothing is written outside the destination. Entries that cannot be restored are in the summary, and
 * everything else is restored.
 *
 * @param backup anything with the `ref` of a backup (hex id of its root meta); with its `id`, too, it may be removed meanwhile.
 * @throws NotFoundError when there is no such path, ExistsError when something is in the way (before anything is
 * written), InterruptedError on abort, DiskFullError, ConnectionLostError, DamagedError when the root is damaged.
 * @example
 * const backup = await resolveSelector(connection, parseSelector("home@2026-11-19"));
 * const summary = await restore(connection, backup, "documents", "/tmp/documents", { overwrite: false });
 * if (summary.exitCode !== 0) console.error(summary.problems);
 */
export async function restore(
  connection: Connection,
  backup: { ref: string; id?: string },
  path: string | Buffer,
  destination: string,
  options: RestoreOptions = {},
): Promise<RestoreSummary> {
  const endHold = await holdBackups(connection, [backup]);
  try {
    return await restoreHeld(connection, backup, path, destination, options);
  } finally {
    await endHold();
  }
}

async function restoreHeld(
  connection: Connection,
  backup: { ref: string },
  path: string | Buffer,
  destination: string,
  options: RestoreOptions,
): Promise<RestoreSummary> {
  const { hash, id } = await connection.facts();
  const nodes = nodeCache(connection, hash);
  const meta = await findEntry(nodes.fetch, hash, backup.ref, path);
  const entries = (): AsyncGenerator<Meta> =>
    meta.type === "directory" ? readDirectory(nodes.fetch, hash, meta.directory ?? null) : only(meta);
  refuseStore(destination, id);
  const place = inspectDestination(destination);
  if (place.existed && !place.empty && options.overwrite !== true)
    await refuseConflicts(destination, entries());
  makeDestination(destination);

  const restorer = currentRestorer(options.owners ?? "restore");
  const counts = tally(options, { entries: (meta.entries ?? 0) + 1, bytes: meta.size });
  const pool = startWorkers(options.jobs ?? Math.min(availableParallelism(), MAX_JOBS), {
    hash,
    umask: restorer.umask,
  });
  const work = batches(connection, pool, counts.fail);
  const handles = directoryHandles(restorer.gid, id);
  const parts = { connection, hash, nodes, options, restorer, handles, batches: work, tally: counts };
  const run: Run = { ...parts, finished: finisher(parts) };
  // A directory that held other things before keeps its own attributes, unless it is to be overwritten.
  const takesOn = meta.type === "directory" && (place.empty || options.overwrite === true);
  try {
    if (nativeSupport().native === null) noteMissingNative(run);
    const root = handles.openRoot(destination, takesOn ? meta : null, place.existed);
    await restoreTree(run, root, entries());
    return counts.summary;
  } catch (error) {
    await work.abandon(error as Error);
    throw error;
  } finally {
    handles.closeAll();
    await pool.close();
  }
}

async function* only(meta: Meta): AsyncGenerator<Meta> {
  if (meta.name.length === 0) throw new DecodeError("the root of the backup has no name");
  yield meta;
}

function noteMissingNative(run: Run): void {
  const { missing } = nativeSupport();
  const text = `times are rounded to microseconds, attributes and special files are left out: ${missing}`;
  run.options.onWarning?.(text);
  run.tally.note(Buffer.alloc(0), "ENOTSUP", text);
}
