/** Data that is needed, and alone needs bases that nothing else does, is encoded anew without them, where that saves enough. */
import type { Backend } from "@datadb/backends";
import {
  type BlobRecord,
  ColdDataError,
  type HashAlgorithm,
  hashLength,
  isDamage,
  recordSize,
} from "@datadb/protocol";
import type { FrozenIndex, RecordFacts } from "../blobs/name-index.ts";
import { readChain } from "../blobs/read-contents.ts";
import type { Encoder } from "../encoder/encoder.ts";
import type { GcCycle } from "./gc-cycle.ts";

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
}

/** A blob that stays, and the bases that only it needs. */
interface Candidate {
  readonly name: Buffer;
  /** Bytes of its record. */
  readonly bytes: number;
  /** Its base, the base of that one, and so on. */
  readonly bases: readonly Buffer[];
  /** What it needs beyond them, and others need, too. */
  readonly target: Buffer | null;
  /** Bytes of the records that could become one. */
  readonly together: number;
  /** Whether that can save enough. */
  readonly promising: boolean;
}

type Run = { cycle: GcCycle; index: FrozenIndex; source: DetachSource; found: Detached };

function candidateOf({ cycle, index, source }: Run, facts: RecordFacts): Candidate {
  const { data } = cycle.tables;
  const n = hashLength(source.hash);
  const sizes = [recordSize(facts, n)];
  const bases: Buffer[] = [];
  let root: RecordFacts | null = facts;
  let next = facts.base;
  while (next !== null && !data.marked(next) && !data.shared(next)) {
    root = index.facts("data", next);
    if (root === null) break;
    bases.push(Buffer.from(next));
    sizes.push(recordSize(root, n));
    next = root.base;
  }
  const together = sizes.reduce((sum, size) => sum + size, 0);
  // What it will take, about: whole as much as the first version of that length did, else no less than the largest difference.
  const whole = root === null ? together : (root.payloadLength * facts.length) / Math.max(1, root.length);
  const least = next === null ? whole : Math.max(...sizes);
  return {
    ...{ name: Buffer.from(facts.name), bytes: sizes[0]!, bases, together },
    target: root === null ? null : next && Buffer.from(next),
    promising: bases.length > 0 && !facts.distrusted && together - least > source.unused * together,
  };
}

/** The chains of these, null for those that cannot be read just now. */
async function chainsOf(
  { backend }: DetachSource,
  batch: readonly Candidate[],
): Promise<(BlobRecord[] | null)[]> {
  return Promise.all(
    batch.map(async ({ name }) => {
      try {
        const [record] = await backend.getMany("data", [name]);
        return record ? await readChain(backend, record) : null;
      } catch (error) {
        if (isDamage(error) || error instanceof ColdDataError) return null;
        throw error;
      }
    }),
  );
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
      found.blobs += 1;
      found.bytes += recordSize(record, hashLength(source.hash)) - bytes;
    }
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
  let [batch, bytes]: [Candidate[], number] = [[], 0];
  const end = async (): Promise<void> => {
    signal?.throwIfAborted();
    if (batch.length > 0) await detach(run, batch);
    [batch, bytes] = [[], 0];
  };
  for await (const page of index.records("data")) {
    for (const facts of page) {
      const { name, base, length } = facts;
      if (base === null || data.marked(base) || !(data.marked(name) || data.shared(name))) continue;
      const candidate = candidateOf(run, facts);
      if (candidate.target !== null) keep(run, [candidate.target]);
      if (candidate.promising) {
        batch.push(candidate);
        bytes += length;
      } else keep(run, candidate.bases);
      if (batch.length >= BATCH_BLOBS || bytes >= BATCH_BYTES) await end();
    }
    await end();
  }
}
