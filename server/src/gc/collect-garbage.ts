/** Garbage collection: marks what is needed, removes the rest from the index, and has backends return the space. */
import { coldIn, distantIn } from "@datadb/backends";
import { DiskFullError } from "@datadb/protocol";
import type { FrozenIndex } from "../blobs/name-index.ts";
import type { BlobKind } from "../database.ts";
import type { CollectOptions, CollectSummary } from "./collection.ts";
import { countUsers } from "./count-users.ts";
import { type Detached, detachData } from "./detach-data.ts";
import { detachNodes } from "./detach-nodes.ts";
import { createGcCycle, type GcCycle } from "./gc-cycle.ts";
import type { GcParts } from "./gc-parts.ts";
import { markRoots } from "./gc-roots.ts";
import { findLogGarbage } from "./log-garbage.ts";
import { markBases } from "./mark-bases.ts";
import { markNeeded } from "./mark-needed.ts";
import { countGarbage, type Swept, sweepKind } from "./sweep.ts";

/** Packs with less waste than this part are left alone. */
const DEFAULT_UNUSED = 0.1;
/** The index is made smaller when so many entries went, and this part of all. */
const TRIMMED_BLOBS = 10_000;
const TRIMMED_PART = 0.1;
const KINDS: readonly BlobKind[] = ["node", "data"];

/** What one run works with. */
interface Run {
  readonly parts: GcParts;
  readonly cycle: GcCycle;
  readonly options: CollectOptions;
  readonly swept: Swept;
  readonly detached: Detached;
}

/**
 * One collection. Backups, restores and commits go on meanwhile: what they rely on is kept. It may be aborted or killed at any point;
 * the next one ends what was begun.
 */
export async function collectGarbage(
  parts: GcParts,
  options: CollectOptions & { diskFull: boolean },
): Promise<CollectSummary> {
  const { protection, backend } = parts;
  const started = performance.now();
  await finishSweep(parts);
  const run: Run = {
    parts,
    cycle: createGcCycle(),
    options,
    swept: { blobs: 0, bytes: 0, seen: 0 },
    detached: { blobs: 0, bytes: 0, written: 0 },
  };
  protection.cycle = run.cycle;
  let index: FrozenIndex | null = null;
  let logGarbage: Buffer[] = [];
  try {
    // Who left a lease behind can send anew what is gone; whoever has no room cannot wait until it is over.
    await parts.leases.prune({ left: options.diskFull && !options.dryRun });
    // Without room for one the old ones serve: it is garbage that has to go first.
    if (!options.dryRun && !options.sweepOnly)
      await parts.checkpoint().catch((error: unknown) => {
        if (!(error instanceof DiskFullError)) throw error;
      });
    // From here on all that somebody relies on is noted; what was put before is in the index.
    await parts.flush();
    index = await parts.index.freeze();
    logGarbage = await markAll(run, index);
    if (options.dryRun) {
      for (const kind of KINDS) await countGarbage(run.cycle, kind, index, parts.hash, run.swept);
      const returned = run.swept.bytes - run.detached.bytes;
      return summaryOf(run, started, { packs: 0, returned, rewritten: 0, unused: 0 });
    }
    await sweepAll(run, index);
  } finally {
    // A sweep that failed half-way is still needed: what it has condemned must not be relied on.
    if (parts.unfinished === null) await endCycle(run, index);
  }
  if (options.sweepOnly)
    return summaryOf(run, started, { packs: 0, returned: 0, rewritten: 0, unused: run.swept.bytes });
  await backend.removeMany("log", logGarbage);
  parts.progress("compacting", 0, 0);
  const compacted = await backend.compact({
    unused: options.unused ?? DEFAULT_UNUSED,
    signal: options.signal,
    onProgress: (done, total) => parts.progress("compacting", done, total),
  });
  const { data, node } = run.cycle.tables;
  if (run.swept.blobs >= Math.max(TRIMMED_BLOBS, TRIMMED_PART * (data.names + node.names)))
    await parts.trim();
  // The old records of what was encoded anew went, and the new ones came.
  const returned = Math.max(0, compacted.returned - run.detached.written);
  return summaryOf(run, started, { ...compacted, returned });
}

function summaryOf(
  { swept, detached, cycle }: Run,
  started: number,
  compacted: Pick<CollectSummary, "packs" | "returned" | "rewritten" | "unused">,
): CollectSummary {
  const total = cycle.tables.data.names + cycle.tables.node.names;
  const { blobs, bytes } = swept;
  return {
    blobs,
    bytes: bytes - detached.bytes,
    kept: total - blobs,
    detached: detached.blobs,
    ...compacted,
    seconds: (performance.now() - started) / 1000,
  };
}

async function gather({ cycle, parts, options }: Run, index: FrozenIndex): Promise<void> {
  for (const kind of KINDS) {
    const table = cycle.tables[kind];
    for await (const page of index.records(kind)) {
      options.signal?.throwIfAborted();
      for (const { name, base } of page) table.add(name, base !== null);
      parts.progress("counting", table.names, table.names);
    }
    table.finish();
  }
}

/** Resolves with the names of log records that are garbage. */
async function markAll(run: Run, index: FrozenIndex): Promise<Buffer[]> {
  const { cycle, parts, options } = run;
  const { protection } = parts;
  const { signal } = options;
  await gather(run, index);
  distantIn(parts.backend)?.expectNodes();
  const { roots, garbage } = await findLogGarbage(parts, signal);
  cycle.startMarking(index);
  let followed = 0;
  const source = {
    ...parts,
    signal,
    index,
    onNode: () => parts.progress("marking", ++followed, cycle.tables.node.names),
  };
  await markRoots(cycle, { ...parts, checkpoints: roots }, signal);
  await markNeeded(cycle, source, false);
  await detachAll(run, index);
  if (options.dryRun) return garbage;
  const follow = (): Promise<void> => markNeeded(cycle, source, true);
  for (const kind of KINDS) await markBases(cycle, kind, index, { ...parts, follow }, signal);
  await follow();
  await protection.alone(async () => {
    // Nobody is inside: all that was relied on so far is marked, and the rest of it is short.
    await follow();
    cycle.phase = "sweeping";
  });
  return garbage;
}

/** What alone needs its base is encoded anew without it; durable when it resolves. Without room for that the old records stay, and so do their bases. */
async function detachAll({ cycle, parts, options, detached }: Run, index: FrozenIndex): Promise<void> {
  const { dryRun = false, sweepOnly = false, signal } = options;
  // What is cold would have to be retrieved first, and its bytes do not come back.
  const unused = coldIn(parts.backend) === undefined ? (options.unused ?? DEFAULT_UNUSED) : 1;
  try {
    const bases = sweepOnly ? 0 : await countUsers(cycle, index, signal);
    if (bases > 0) await detachData(cycle, index, { ...parts, unused, dryRun }, detached, signal);
    if (!dryRun) await detachNodes(cycle, index, parts, detached, signal);
  } catch (error) {
    if (!(error instanceof DiskFullError)) throw error;
  }
  if (dryRun || detached.blobs === 0) return;
  // Their bases may go only when the index has the new records; what cannot be made durable keeps the old one.
  await parts.flush().catch((error: unknown) => {
    if (!(error instanceof DiskFullError)) throw error;
  });
}

/**
 * Nodes and deltas first. While they go, one may be there that lacks what it needs: a mark in local/ says so, and a store that is
 * opened with it collects before anything else. What is left then needs nothing.
 */
async function sweepAll(run: Run, index: FrozenIndex): Promise<void> {
  const { cycle, parts, swept } = run;
  const source = { ...parts, index };
  const dependants = async (): Promise<void> => {
    await parts.markSweep(true);
    await sweepKind(cycle, "node", source, swept, () => true);
    if (cycle.tables.data.flags > 0)
      await sweepKind(cycle, "data", source, swept, ({ base }) => base !== null);
    await parts.markSweep(false);
  };
  parts.progress("sweeping", 0, cycle.tables.data.names);
  parts.unfinished = async () => {
    await dependants();
    await endCycle(run, index);
  };
  await dependants();
  parts.unfinished = null;
  await sweepKind(cycle, "data", source, swept, ({ base }) => base === null, run.options.signal);
}

async function endCycle({ cycle, parts }: Run, index: FrozenIndex | null): Promise<void> {
  parts.protection.cycle = null;
  // Somebody may hold it still.
  cycle.phase = "over";
  await index?.close();
}

/** Ends a sweep of this process that failed half-way. */
async function finishSweep(parts: GcParts): Promise<void> {
  const { unfinished } = parts;
  if (unfinished === null) return;
  await unfinished();
  parts.unfinished = null;
}
