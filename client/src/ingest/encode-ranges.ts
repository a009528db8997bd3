/** Encodes chunks where they lie in slabs. Runs in a worker. */
import {
  type BlobRecord,
  type DeltaBase,
  type Effort,
  encodeBlob,
  encodeOnChain,
  type HashAlgorithm,
  hashLength,
} from "@datadb/protocol";
import type { EncodeJob } from "./messages.ts";
import { bufferOf, nameAt, type PackedRecords, packRecords, unpackRecords } from "./packed-records.ts";

/** Chunks that are encoded against the one new chunk before them: the nearer, the more they have in common, and no chain comes of it. */
const FOLLOWERS = 3;

/** The records of a job's chunks, in its order. `view`: the memory of all slabs. `effort`: for chunks that have a base. */
export function encodeRanges(
  hash: HashAlgorithm,
  view: Buffer,
  { names, ranges, bases, chains }: EncodeJob,
  effort: Effort,
): PackedRecords {
  const n = hashLength(hash);
  const [own, hints] = [bufferOf(names), bufferOf(bases)];
  const known = new Map<string, BlobRecord>();
  for (const record of chains === null ? [] : unpackRecords(chains, n))
    if (record !== null) known.set(record.name.toString("latin1"), record);
  const records: BlobRecord[] = [];
  const beside = besides();
  for (let i = 0; i * 2 < ranges.length; i++) {
    const from = ranges[i * 2]!;
    const name = own.subarray(i * n, (i + 1) * n);
    const content = view.subarray(from, from + ranges[i * 2 + 1]!);
    const base = nameAt(hints, i, n);
    if (base === null) {
      records.push(encodeBlob("data", name, content));
      continue;
    }
    effort.beside = beside.of(base);
    const record = encodeOnChain(hash, "data", name, content, chainOf(known, base), effort);
    beside.encoded(base, record, content);
    records.push(record);
  }
  return packRecords("data", records, n);
}

/**
 * What is appended to a stream comes as several chunks that have the same probable base, its last chunk: those that are kept whole lead, and the
 * next ones may be encoded against them.
 */
function besides(): {
  of(hint: Buffer): DeltaBase | undefined;
  encoded(hint: Buffer, record: BlobRecord, content: Buffer): void;
} {
  let leader: (DeltaBase & { hint: Buffer; followers: number }) | undefined;
  return {
    of: (hint) => (leader?.hint.equals(hint) && leader.followers < FOLLOWERS ? leader : undefined),
    encoded(hint, { name, base, encoding }, content) {
      if (encoding === "zstd") leader = { hint, name, content, followers: 0 };
      else if (leader && base?.equals(leader.name)) leader.followers++;
    },
  };
}

/** A blob's record last, those it needs before it; empty when one is not there. */
function chainOf(known: ReadonlyMap<string, BlobRecord>, name: Buffer): BlobRecord[] {
  const chain: BlobRecord[] = [];
  for (let next: Buffer | null = name; next !== null; next = chain[0]!.base) {
    const record = known.get(next.toString("latin1"));
    if (record === undefined || chain.length > known.size) return [];
    chain.unshift(record);
  }
  return chain;
}
