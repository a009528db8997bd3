/** Opens a store: lock, backends, keyspace, and what works on them. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Backend, FileSystem } from "@datadb/backends";
import { DiskFullError } from "@datadb/protocol";
import { createBlobStore } from "../blobs/open-blobs.ts";
import { openScrubDates } from "../check/scrub-dates.ts";
import { openWholeness, type Wholeness } from "../check/wholeness.ts";
import type { Database } from "../database.ts";
import type { Encoder } from "../encoder/encoder.ts";
import { createEncoderPool } from "../encoder/encoder-pool.ts";
import { openLeases } from "../leases/open-leases.ts";
import { CHECKPOINT_RECORDS, openCheckpoints } from "../log/checkpoints.ts";
import type { ExecutorState } from "../log/executor.ts";
import { writeCleanHead } from "../log/local-marks.ts";
import { openKeyspace } from "../log/open-keyspace.ts";
import { createLog } from "../log/open-log.ts";
import { keepPlaces } from "../records/keep-places.ts";
import { assemble } from "./assemble.ts";
import { type Closers, createClosers } from "./closers.ts";
import { createReserve, type Reserve } from "./create-reserve.ts";
import { type LevelsPlace, openLevelsPlace } from "./levels-place.ts";
import { openBackends } from "./open-backends.ts";
import { endSweep, openGc } from "./open-gc.ts";
import { isLocalDamage, type Local, openLocal, removeLocal } from "./open-local.ts";
import { openMeta } from "./open-meta.ts";
import { readConfig } from "./read-config.ts";
import { settleCrash, settleRescan } from "./settle-crash.ts";
import type { StoreConfig } from "./store-config.ts";

/** How a store is opened. */
export interface OpenOptions {
  /** Something a person should know; process warnings when absent. */
  warn?: (message: string) => void;
  /** The disk of the backends, for tests. */
  fs?: FileSystem;
  /** Milliseconds since 1970, for tests. */
  now?: () => number;
  /** Log records between checkpoints. */
  checkpointEvery?: number;
  /** Encodes what comes over a wire, for tests; threads when absent. */
  encoder?: Encoder;
  /** Open a store whose log lost its end, to be repaired: `check` with `repair` must follow. */
  repair?: boolean;
  /** A key record for a sealed backend that has lost its own: what `export` of its keys gave. */
  keyRecord?: Buffer;
  /** Aborted when the caller wants to end: backends then wait no longer for what they cannot reach. */
  signal?: AbortSignal | undefined;
  /** Threads of the encoder at most. */
  encoders?: number;
}

/** The note of the process that has the store open: it is taken away at the end. */
const HOLDER_NOTE = "holder.json";

type Surroundings = Required<Pick<OpenOptions, "warn" | "now">> &
  OpenOptions & {
    directory: string;
    reserve: Reserve;
    place: LevelsPlace;
    /** All tables are looked at first: the last process did not end in good order, or the store is to be repaired. */
    verify: boolean;
  };

/**
 * Opens the store in `directory`. One process at a time: STORE_LOCKED. Other errors: NO_STORE, FORMAT_TOO_NEW, USAGE (configuration),
 * WRONG_STORE, STORE_MISSING_KNOWN (packs are gone: is the disk mounted?), DAMAGED (saying what helps), DISK_FULL, BACKEND_UNAVAILABLE.
 */
export async function openDatabase(directory: string, options: OpenOptions = {}): Promise<Database> {
  const path = resolve(directory);
  const config = await readConfig(path);
  const warn = options.warn ?? ((message: string) => process.emitWarning(message, "DatadbWarning"));
  const reserve = createReserve(path);
  const place = await openLevelsPlace(path);
  const around: Surroundings = {
    ...options,
    ...{ warn, reserve, place, now: options.now ?? Date.now, directory: path },
    verify: options.repair === true || existsSync(join(path, HOLDER_NOTE)),
  };
  if (place.refused !== null) warn(place.refused.message);
  try {
    return await openLevels(config, around);
  } catch (error) {
    await place.remove();
    throw error;
  }
}

async function openLevels(config: StoreConfig, around: Surroundings): Promise<Database> {
  const { place, reserve, warn } = around;
  const first = await openLocal(place.directory, around).catch(async (error: unknown) => {
    if (!(error instanceof DiskFullError)) throw error;
    await reserve.release();
    return await openLocal(place.directory, around);
  });
  try {
    return await openOn(first, config, around);
  } catch (error) {
    if (!isLocalDamage(place.directory, error)) throw error;
    warn(`${(error as Error).message}; it is made anew by reading the packs`);
  }
  await removeLocal(place.directory);
  return openOn(await openLocal(place.directory, around), config, around);
}

/** Opens everything above local/; gives everything back when that fails. */
async function openOn(local: Local, config: StoreConfig, around: Surroundings): Promise<Database> {
  const closers = createClosers();
  closers.add(() => around.reserve.restore());
  closers.add(() => around.place.remove());
  closers.add(() => local.level.close());
  await around.reserve.settle();
  try {
    return await openParts(local, config, around, closers);
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}

async function openTrust(
  local: Local,
  backend: Backend,
  indexed: number,
  { directory, warn }: Surroundings,
): Promise<Wholeness> {
  const wholeness = await openWholeness(local.level, backend);
  if (!local.empty || indexed === 0) return wholeness;
  warn(
    `${directory}/local was empty: ${indexed} records were indexed by reading the packs; until datadb check finds no damage, backups read every file`,
  );
  // What was in packs that are gone is known to nobody now.
  await wholeness.doubt();
  return wholeness;
}

/** Only what LevelDB has for certain may be called a clean end. */
async function endCleanly(local: Local, { stuck, levelFailure, head }: ExecutorState): Promise<void> {
  if (stuck === null && levelFailure === null) await writeCleanHead(local.level, head);
}

/** Whether there is room for more content: on a read-only file system there never is. */
function roomOf({ place: { refused }, reserve }: Surroundings): Reserve["requireRoom"] {
  return refused === null ? reserve.requireRoom : () => Promise.reject(refused);
}

function sequenceOf(state: ExecutorState): () => number {
  return () => state.head.sequence;
}

async function openParts(
  local: Local,
  config: StoreConfig,
  around: Surroundings,
  closers: Closers,
): Promise<Database> {
  const { directory, warn, now } = around;
  const { hash } = config;
  const { refused } = around.place;
  const opening = { ...around, readOnly: refused !== null };
  const { backend, index, indexed, logGrew, suspects } = await openBackends(local, config, opening);
  closers.add(() => backend.close());
  const wholeness = await openTrust(local, backend, indexed, around);
  const meta = await openMeta({ ...around, ...local, directory: around.place.directory, backend });
  closers.add(() => meta.close());
  const source = { backend, hash, storeId: Buffer.from(config.id, "hex") };
  const opened = await openKeyspace(meta, local.level, source, warn, { ...around, logGrew });
  await opened.view.learn();
  const scene = { backend, index, hash, view: opened.view, warn };
  if (await settleCrash(scene, suspects)) await wholeness.doubt();
  const encoder = around.encoder ?? createEncoderPool(hash, around.encoders);
  closers.add(() => encoder.close());
  const blobs = createBlobStore(backend, hash, encoder, index, { ...wholeness, room: roomOf(around) });
  closers.add(() => blobs.flush());

  const state: ExecutorState = {
    ...source,
    ...opened,
    now,
    beforeFirst: () => writeCleanHead(local.level, null),
    onRecord: (sequence, group, bytes) => checkpoints.onRecord(sequence, group, bytes),
    refused,
    stuck: null,
    levelFailure: null,
    levelWritten: Promise.resolve(),
  };
  const checkpoints = await openCheckpoints(
    {
      meta,
      local: local.level,
      hash,
      blobs,
      warn,
      every: around.checkpointEvery ?? CHECKPOINT_RECORDS,
      commit: (operations, options) => commits.commit(operations, options),
      settled: () => state.levelWritten,
    },
    state.head.sequence,
  );
  const commits = createLog(state, blobs, checkpoints);
  const leases = await openLeases({ local: local.level, hash, now, warn, sequence: sequenceOf(state) });
  const collector = openGc(state, local.level, { ...around, index, leases, blobs, commits, encoder });
  closers.add(() => endCleanly(local, state));
  closers.add(() => leases.close());
  closers.add(() => commits.close());
  closers.add(() => checkpoints.close());
  closers.add(() => collector.close());
  await endSweep(local.level, collector, wholeness, around);
  return assemble({
    ...{ directory, config, state, local: local.level },
    index,
    encoder,
    blobs,
    leases,
    commits,
    wholeness,
    scrubs: openScrubDates(local.level, now),
    settle: () => settleRescan(scene),
    ...{ collector, records: keepPlaces(local, config, around, closers), reserve: around.reserve },
    close: () => closers.close(),
  });
}
