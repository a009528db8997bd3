/** Data that is needed, and alone needs bases that nothing else does, is encoded anew without them, where that saves enough. */
import { type Backend, type DistantReads, distantIn } from "@datadb/backends";
import {
  type BlobRecord,
  ColdDataError,
  type HashAlgorithm,
  hashLength,
  isDamage,
  recordSize,
} from "@datadb/protocol";
import { chainReader } from "../blobs/chain-reader.ts";
import type { FrozenIndex } from "../blobs/name-index.ts";
import type { Encoder } from "../encoder/encoder.ts";
import { basesFrom, type Candidate, candidateOf } from "./detachable.ts";
import type { GcCycle } from "./gc-cycle.ts";
import { planReading } from "./reading-plan.ts";

/** Blobs that are encoded together, and the bytes of their contents: memory is needed for both them and their bases. */
const BATCH_BLOBS = 64;
const BATCH_BYTES: number = 4 * 1024 * 1024;

export interface DetachSource {
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  readonly encoder: Encoder;
  /** The part of a chain's bytes, 0 to 1, that may be waste. */
  readonly unused: number;
  /** Nothing is written. */
  readonly dryRun: boolean;
}

/** What was encoded anew, or would be. */
export interface Detached {
  blobs: number;
  /** Bytes of the new records beyond those of the old ones. */
  bytes: number;
  /** Bytes of the new records: what the packs grew by. */
  written: number;
}

type Run = { cycle: GcCycle; index: FrozenIndex; source: DetachSource; found: Detached };

/** What a distant backend is asked for is planned for so many at a time: some hundred bytes for each of their records. */
const PLANNED_BLOBS = 16_384;

/** What cannot be read just now is null. */
async function readable<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (isDamage(error) || error instanceof ColdDataError) return null;
    throw error;
  }
}

/** The chains of these, null for those that cannot be read just now. */
async function chainsOf(
  { backend }: DetachSource,
  batch: readonly Candidate[],
): Promise<(BlobRecord[] | null)[]> {
  const names = batch.map(({ name }) => name);
  // Singly when one of them is damaged.
  const together = await readable(backend.getMany("data", names));
  const records =
    together ??
    (await Promise.all(
      names.map(async (name) => (await readable(backend.getMany("data", [name])))?.[0] ?? null),
    ));
  const chainOf = await chainReader(
    backend,
    records.filter((record) => record !== null),
  );
  return Promise.all(records.map((record) => record && readable(chainOf(record))));
}

/** Their new records, as far as they are worth it. */
async function encodeBatch(
  source: DetachSource,
  batch: readonly Candidate[],
): Promise<(BlobRecord | null)[]> {
  const chains = await chainsOf(source, batch);
  const jobs = chains.flatMap((chain, at) => {
    const { target } = batch[at]!;
    const base =
      chain === null || target === null ? null : chain.findIndex(({ name }) => name.equals(target));
    // Somebody has put it anew: it needs nothing of all this.
    return chain === null || base === -1 ? [] : [{ at, chain, base }];
  });
  const encoded = await source.encoder.encodeAnew(jobs);
  const records: (BlobRecord | null)[] = batch.map(() => null);
  const n = hashLength(source.hash);
  for (const [index, { at }] of jobs.entries()) {
    const record = encoded[index] ?? null;
    const { together } = batch[at]!;
    if (record !== null && together - recordSize(record, n) > source.unused * together) records[at] = record;
  }
  return records;
}

/**
 * They stay, with what they need; each of those is looked at under its own name when it is needed by others, too. A name that is not in the index
 * would be taken for another one.
 */
function keep({ cycle, index }: Run, names: readonly Buffer[]): void {
  const { data } = cycle.tables;
  for (const name of names) if (!data.marked(name) && index.has("data", name)) data.mark(name);
}

async function detach(run: Run, batch: readonly Candidate[]): Promise<void> {
  const { source, found } = run;
  const records = await encodeBatch(source, batch);
  const replaced = records.filter((record) => record !== null);
  if (!source.dryRun && replaced.length > 0) await source.backend.replaceMany("data", replaced);
  for (const [at, { bytes, bases }] of batch.entries()) {
    const record = records[at] ?? null;
    if (record === null) keep(run, bases);
    else {
      const size = recordSize(record, hashLength(source.hash));
      found.blobs += 1;
      found.bytes += size - bytes;
      found.written += size;
    }
  }
}

/** Those that pay, neighbours first; the others keep their bases until they do. */
async function detachPlanned(
  run: Run,
  distant: DistantReads,
  candidates: readonly Candidate[],
  signal?: AbortSignal,
): Promise<void> {
  const { source, index } = run;
  const purposes = candidates.map((candidate) => ({
    ...candidate,
    names: [candidate.name, ...candidate.bases, ...basesFrom(index, candidate.target)],
  }));
  const { worth, rest, bring } = await planReading(source.backend, distant, purposes, source.unused);
  for (const { bases } of rest) keep(run, bases);
  for (let at = 0; at < worth.length; ) {
    signal?.throwIfAborted();
    const batch: Candidate[] = [];
    for (let bytes = 0; at < worth.length && batch.length < BATCH_BLOBS && bytes < BATCH_BYTES; at++) {
      batch.push(worth[at]!);
      bytes += worth[at]!.length;
    }
    if (await bring(worth.slice(at - batch.length, at), signal)) await detach(run, batch);
    else for (const { bases } of batch) keep(run, bases);
  }
}

/**
 * Marks the bases that stay, and replaces the records of those blobs whose bases go; durable with the next flush, until which they need them.
 * `found` says how many there were, also after an error. It needs the counts of `countUsers`, and `markBases` after it.
 *
 * The new base, where there is one, is one that the blob needed before, so that no chain gets longer.
 */
export async function detachData(
  cycle: GcCycle,
  index: FrozenIndex,
  source: DetachSource,
  found: Detached,
  signal?: AbortSignal,
): Promise<void> {
  const { data } = cycle.tables;
  const run: Run = { cycle, index, source, found };
  const distant = distantIn(source.backend);
  const most = distant === undefined ? BATCH_BLOBS : PLANNED_BLOBS;
  let [waiting, bytes]: [Candidate[], number] = [[], 0];
  const end = async (): Promise<void> => {
    signal?.throwIfAborted();
    if (distant !== undefined) await detachPlanned(run, distant, waiting, signal);
    else if (waiting.length > 0) await detach(run, waiting);
    [waiting, bytes] = [[], 0];
  };
  for await (const page of index.records("data")) {
    for (const facts of page) {
      const { name, base, length } = facts;
      if (base === null || data.marked(base) || !(data.marked(name) || data.shared(name))) continue;
      const candidate = candidateOf(cycle, index, source, facts);
      if (candidate.target !== null) keep(run, [candidate.target]);
      if (candidate.promising) {
        waiting.push(candidate);
        bytes += length;
      } else keep(run, candidate.bases);
      if (waiting.length >= most || (distant === undefined && bytes >= BATCH_BYTES)) await end();
    }
    if (distant === undefined) await end();
  }
  await end();
}
