/** A power cut at every moment of a run, in every state that it may leave: nothing flushed is lost, and nothing lies. */
import { type BlobRecord, RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import type { FileSystem } from "../file-system.ts";
import { createMemoryIndex, type MemoryIndex } from "../memory-index.ts";
import { openBackend } from "../open-backend.ts";
import type { RecordIndex } from "../record-index.ts";
import { crashStates, imageKey } from "../suite/crash-states.ts";
import { type DiskImage, diskOf, type RecordedDisk, recordDisk } from "../suite/recorded-disk.ts";
import { fingerprint, sampleRecord } from "../suite/sample-records.ts";
import { createRandom, type Random, runSeed } from "../suite/seeded-random.ts";
import { SIMULATED_DIRECTORY, SIMULATED_STORE_ID } from "../suite/simulated-store.ts";

const seed = runSeed();
const LONG = process.env["DATADB_TEST_LONG"] === "1";
const RUNS = LONG ? 100 : 4;
/** Milliseconds. */
const TIME_LIMIT = LONG ? 14_400_000 : 240_000;
const STEPS = 14;
/** States of one moment: beyond them a sample. */
const BOUND = LONG ? 512 : 48;
/** How far the index may lag behind, in batches: it is never synced, and keeps what it keeps in order. */
/** Of so many states one is opened on a recorded disk, and power fails again at every moment of that recovery. */
const SECOND_CUT = LONG ? 50 : 250;
const SECOND_BOUND = 12;
const LAGS = [0, 1, 2, Number.POSITIVE_INFINITY];
const BLOBS = `${SIMULATED_DIRECTORY}/blobs`;

type Batch = { puts: (readonly [Buffer, Buffer])[]; removes: Buffer[] } | "clear";

/** An index whose batches are remembered. */
function rememberedIndex(batches: Batch[], index: MemoryIndex = createMemoryIndex()): RecordIndex {
  return {
    ...index,
    async write(puts, removes) {
      batches.push({ puts: puts.map(([k, v]) => [Buffer.from(k), Buffer.from(v)]), removes: [...removes] });
      await index.write(puts, removes);
    },
    async clear() {
      batches.push("clear");
      await index.clear();
    },
  };
}

async function indexOf(batches: readonly Batch[], start: MemoryIndex): Promise<MemoryIndex> {
  const index = start.copy();
  for (const batch of batches) {
    if (batch === "clear") await index.clear();
    else await index.write(batch.puts, batch.removes);
  }
  return index;
}

function openOn(disk: FileSystem, index: RecordIndex, recovered: Set<string> = new Set()): Promise<Backend> {
  return openBackend(
    { blobsfile: { path: "blobs", maxPackBytes: 1024 } },
    {
      storeId: SIMULATED_STORE_ID,
      hash: "sha1",
      directory: SIMULATED_DIRECTORY,
      index: () => index,
      warn: () => {},
      recovered: (kind, names) => {
        for (const name of names) recovered.add(`${kind} ${name.toString("hex")}`);
      },
      fs: disk,
    },
  );
}

const idOf = ({ kind, name }: BlobRecord): string => `${kind} ${name.toString("hex")}`;

/** What was true when so many events had happened. */
interface Promised {
  batches: number;
  flushed: number;
}

interface Run {
  disk: RecordedDisk;
  batches: Batch[];
  /** By number of events: what had been promised before the next one. */
  promised: Promised[];
  /** In the order in which flushes covered them. */
  flushed: BlobRecord[];
  all: BlobRecord[];
  /** Each node with a chunk that was accepted before it. */
  children: Map<string, string>;
}

/** Puts, flushes, reopens and reindexes at random; every event is recorded. */
async function makeRun(random: Random): Promise<Run> {
  const disk = recordDisk(diskOf(new Map(), BLOBS));
  const batches: Batch[] = [];
  const run: Run = { disk, batches, promised: [], flushed: [], all: [], children: new Map() };
  disk.onEvent = () => run.promised.push({ batches: batches.length, flushed: run.flushed.length });
  const index = rememberedIndex(batches);
  let backend = await openOn(disk, index);
  let open: BlobRecord[] = [];
  const put = async (): Promise<void> => {
    const child = sampleRecord(random, "sha1", { kind: "data", payloadLength: random.integer(300) });
    await backend.putMany([child]);
    const node = sampleRecord(random, "sha1", { kind: "node", payloadLength: random.integer(100) });
    await backend.putMany([node]);
    run.children.set(idOf(node), idOf(child));
    open.push(child, node);
    run.all.push(child, node);
  };
  const flush = async (kinds: readonly RecordKind[]): Promise<void> => {
    const covered = open.filter(({ kind }) => kinds.includes(kind));
    await backend.flush(kinds);
    run.flushed.push(...covered);
    open = open.filter((record) => !covered.includes(record));
  };
  for (let step = 0; step < STEPS; step++) {
    const chance = random.integer(10);
    if (chance < 4) await put();
    else if (chance < 6) await flush(["data", "node"]);
    else if (chance < 7) await Promise.all([put(), flush(["data", "node"])]);
    else if (chance < 8) {
      const record = sampleRecord(random, "sha1", { kind: "log" });
      run.all.push(record);
      await backend.putMany([record]);
      open.push(record);
      await flush(["log"]);
    } else if (chance < 9) {
      const covered = open;
      open = [];
      await backend.close();
      run.flushed.push(...covered);
      backend = await openOn(disk, index);
    } else {
      await flush(RECORD_KINDS);
      await backend.reindex();
    }
  }
  run.promised.push({ batches: batches.length, flushed: run.flushed.length });
  disk.onEvent = null;
  return run;
}

async function presentRecords(run: Run, backend: Backend): Promise<Set<string>> {
  const there = new Set<string>();
  for (const kind of RECORD_KINDS) {
    const records = run.all.filter((record) => record.kind === kind);
    const found = await backend.getMany(
      kind,
      records.map(({ name }) => name),
    );
    for (const [at, record] of records.entries()) {
      if (found[at] === null) continue;
      if (fingerprint(found[at]!) !== fingerprint(record)) throw new Error(`${idOf(record)} is another`);
      there.add(idOf(record));
    }
  }
  return there;
}

/** What one state must hold; what is missing is then put again, and must stay. */
async function judge(
  run: Run,
  disk: FileSystem,
  index: RecordIndex,
  flushed: number,
  recovered: Set<string> = new Set(),
): Promise<void> {
  const backend = await openOn(disk, index, recovered);
  const there = await presentRecords(run, backend);
  for (const record of run.flushed.slice(0, flushed))
    if (!there.has(idOf(record))) throw new Error(`${idOf(record)} was flushed and is gone`);
  for (const [node, child] of run.children) {
    // A node that nobody is told of must be whole.
    if (there.has(node) && !recovered.has(node) && !there.has(child))
      throw new Error(`${node} is there without its ${child}`);
  }
  await backend.putMany(run.all.filter((record) => !there.has(idOf(record))));
  await backend.close();
  const again = await openOn(disk, index);
  if ((await presentRecords(run, again)).size !== run.all.length) throw new Error("a second put was lost");
  await again.close();
}

/** The power fails again while a state is opened, written to and closed. */
async function cutRecovery(
  run: Run,
  image: DiskImage,
  index: MemoryIndex,
  flushed: number,
  random: Random,
): Promise<number> {
  const disk = recordDisk(diskOf(image, BLOBS), image);
  const batches: Batch[] = [];
  const issued: { batches: number; told: number }[] = [];
  const told = new Set<string>();
  disk.onEvent = () => issued.push({ batches: batches.length, told: told.size });
  const start = index.copy();
  await judge(run, disk, rememberedIndex(batches, start.copy()), flushed, told);
  issued.push({ batches: batches.length, told: told.size });
  let states = 0;
  for (let count = 0; count <= disk.record.events.length; count++) {
    for (const again of crashStates(disk.record, count, SECOND_BOUND, random).images) {
      for (const lag of [0, 1]) {
        const before = issued[count]!;
        const lagging = await indexOf(batches.slice(0, Math.max(0, before.batches - lag)), start);
        // The caller has made durable what it was told, before the index had it.
        const known = new Set([...told].slice(0, before.told));
        await judge(run, diskOf(again, BLOBS), lagging, flushed, known);
        states += 1;
      }
    }
  }
  return states;
}

describe(`crash states, DATADB_TEST_SEED=${seed}`, () => {
  test(
    "of every moment: what was flushed is there, and what is there is right",
    async () => {
      let [states, again, moments, complete] = [0, 0, 0, 0];
      for (let number = 0; number < RUNS; number++) {
        const random = createRandom(seed + number);
        const run = await makeRun(random);
        const seen = new Set<string>();
        for (let count = 0; count <= run.disk.record.events.length; count++) {
          const promise = run.promised[Math.min(count, run.promised.length - 1)]!;
          const found = crashStates(run.disk.record, count, BOUND, random);
          moments += 1;
          if (found.complete) complete += 1;
          for (const image of found.images) {
            for (const lag of LAGS) {
              const batches = Math.max(0, promise.batches - lag);
              const key = `${imageKey(image)} ${batches} ${promise.flushed}`;
              if (seen.has(key)) continue;
              seen.add(key);
              const index = await indexOf(run.batches.slice(0, batches), createMemoryIndex());
              try {
                const second = states % SECOND_CUT === 0 ? index.copy() : null;
                await judge(run, diskOf(image, BLOBS), index, promise.flushed);
                if (second !== null) again += await cutRecovery(run, image, second, promise.flushed, random);
              } catch (error) {
                throw new Error(
                  `seed ${seed + number}, after ${count} events, index ${lag} batches behind: ${(error as Error).message}`,
                  { cause: error },
                );
              }
              states += 1;
            }
          }
        }
      }
      console.info(
        `crash states of packs: ${states} states at ${moments} moments of ${RUNS} runs, all combinations at ${complete} moments; ${again} states of a second cut during recovery (seed ${seed})`,
      );
      expect(states).toBeGreaterThan(1000);
    },
    TIME_LIMIT,
  );
});
