/** For tests of compaction: packs of which some is removed, and a disk that fails while they are compacted. */
import { deepStrictEqual } from "node:assert/strict";
import type { BlobRecord } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendConfig } from "../backend-options.ts";
import { fingerprint, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, type Random, runSeed } from "../suite/seeded-random.ts";
import { systemError } from "../suite/simulated-file-system.ts";
import {
  SIMULATED_DIRECTORY,
  type SimulatedStore,
  SMALL_PACKS,
  simulatedStore,
} from "../suite/simulated-store.ts";

export const seed: number = runSeed();
export const random: Random = createRandom(seed);
export const BLOBS: string = `${SIMULATED_DIRECTORY}/blobs`;

export const namesOf = (records: readonly BlobRecord[]): Buffer[] => records.map(({ name }) => name);

export async function diskBytes({ disk }: SimulatedStore): Promise<number> {
  let bytes = 0;
  for (const file of await disk.list(BLOBS)) bytes += (await disk.stat(`${BLOBS}/${file}`))?.size ?? 0;
  return bytes;
}

/** A store with records of 500 bytes. */
export interface HalfEmpty {
  readonly store: SimulatedStore;
  readonly config: BackendConfig;
  readonly backend: Backend;
  readonly kept: BlobRecord[];
  /** Were removed. */
  readonly gone: BlobRecord[];
}

async function filled(
  count: number,
  config: BackendConfig,
  isGone: (at: number) => boolean,
): Promise<HalfEmpty> {
  const store = simulatedStore();
  const backend = await store.open(config);
  const wishes = { kind: "data", encoding: "raw", payloadLength: 500 } as const;
  const records = sampleRecords(random, "sha256", count, wishes);
  await backend.putMany(records);
  await backend.flush();
  const gone = records.filter((_, at) => isGone(at));
  await backend.removeMany("data", namesOf(gone));
  return { store, config, backend, gone, kept: records.filter((_, at) => !isGone(at)) };
}

/** 60 records in packs of 4 KiB, of which every second is removed. */
export function halfRemoved(): Promise<HalfEmpty> {
  return filled(60, SMALL_PACKS, (at) => at % 2 === 0);
}

/** One pack of 100 records, on a disk that has no room for the copies of those that stay. */
export async function withoutRoom(isGone: (at: number) => boolean): Promise<HalfEmpty> {
  const world = await filled(100, { blobsfile: { path: "blobs", maxPackBytes: 65_536 } }, isGone);
  await leaveNoRoom(world.store);
  return world;
}

export async function leaveNoRoom(store: SimulatedStore): Promise<void> {
  store.disk.capacity = (await diskBytes(store)) + 2000;
}

/** Which of the records are removed in one pack. */
export const REMOVED: readonly [string, (at: number) => boolean][] = [
  ["at its end", (at) => at >= 30],
  ["at its beginning", (at) => at < 70],
  ["everywhere", (at) => at % 5 > 0],
  ["in the middle", (at) => at >= 10 && at < 90],
];

export async function expectOnly(
  backend: Backend,
  kept: readonly BlobRecord[],
  gone: readonly BlobRecord[],
  context = `seed ${seed}`,
): Promise<void> {
  const found = await backend.getMany("data", namesOf(kept));
  deepStrictEqual(found.map(fingerprint), kept.map(fingerprint), context);
  const there = await backend.hasMany("data", namesOf(gone));
  deepStrictEqual(gone.filter((_, at) => there[at] === 1).map(fingerprint), [], context);
}

/** Runs `work` once, before the operation of the disk with this number, counted from 0. Resolves, after the compaction, with whether it ran. */
export async function compactDuring(
  { store, backend }: HalfEmpty,
  when: number,
  work: () => readonly Promise<unknown>[],
): Promise<boolean> {
  let operations = 0;
  let running: readonly Promise<unknown>[] | null = null;
  store.disk.fault = () => {
    if (operations++ === when) running = work();
    return null;
  };
  await backend.compact({ unused: 0 });
  store.disk.fault = null;
  await Promise.all(running ?? []);
  return running !== null;
}

/** How a disk fails: its power is cut, it is full, or one operation fails. */
export const FAILURES = ["crash", "full", "fault"] as const;

/**
 * Compacts while the disk fails at the operation with this number, counted from 1, and closes what is still open. Resolves with the store as it
 * is found afterwards; null when there were fewer operations.
 */
export async function compactFailing(
  { store, backend, kept, gone }: HalfEmpty,
  failure: (typeof FAILURES)[number],
  at: number,
): Promise<SimulatedStore | null> {
  let operations = 0;
  let found: SimulatedStore | null = null;
  store.disk.fault = (operation) => {
    operations += 1;
    // What cannot be read counts as damaged, and stays where it is.
    if (operations < at || ["open", "read", "list"].includes(operation)) return null;
    if (failure === "crash") found ??= store.crash(() => random.integer(3) / 2);
    else if (operations === at) return systemError(failure === "full" ? "ENOSPC" : "EIO");
    return null;
  };
  await backend.compact({ unused: 0 }).catch(() => {});
  store.disk.fault = null;
  if (failure === "crash") return found;
  if (operations < at) return null;
  await expectOnly(backend, kept, gone, `seed ${seed}, operation ${at}`);
  await backend.close();
  return store;
}
