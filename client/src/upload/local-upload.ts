/** Upload to a store in this process: workers encode, and records go to the backend as they are. */
import { type BlobRecord, type HashAlgorithm, hashLength } from "@datadb/protocol";
import { SLAB_BYTES } from "../chunker/slab-memory.ts";
import type { LocalBlobs } from "../connection.ts";
import { type InPlace, recordsInPlace } from "../ingest/encode-in-place.ts";
import { type PackedRecords, unpackRecords } from "../ingest/packed-records.ts";
import type { WorkerPool } from "../ingest/worker-pool.ts";
import { lostItsLease } from "../snapshot/lost-lease.ts";
import { freshChunks, groups, landed, type SlabChunk } from "./chunk-table.ts";
import { encodeJob, type FetchChains } from "./encode-job.ts";
import { encodeNodes } from "./encode-nodes.ts";
import { type Upload, type UploadCounts, UploadQueue } from "./upload.ts";

/** One encode job: a slab of large chunks. In smaller ones a thread would be woken, and the disk written to, more often. */
const JOB_BYTES: number = SLAB_BYTES;
const JOB_CHUNKS = 1024;

/** A garbage collection may take what a base was made of while something is encoded against it: then it is encoded once more. */
async function withBases(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!lostItsLease(error)) throw error;
    await work();
  }
}

/** Of a batch that was encoded as it was made: what belongs to these chunks. */
function payloadsOf({ encodings, ranges }: InPlace, chunks: readonly SlabChunk[]): InPlace {
  return {
    encodings: Uint8Array.from(chunks, ({ index }) => encodings[index]!),
    ranges: Uint32Array.from(chunks.flatMap(({ index }) => [ranges[index * 2]!, ranges[index * 2 + 1]!])),
  };
}

/** `view`: the memory of all slabs. */
export function localUpload(
  local: LocalBlobs,
  pool: Pick<WorkerPool, "encode" | "encodeInPlace">,
  view: Buffer,
  hash: HashAlgorithm,
  fetchChains: FetchChains,
  failed: (error: Error) => void,
): Upload {
  const nameBytes = hashLength(hash);
  const queue = new UploadQueue(failed);
  const inFlight = new Set<string>();
  /** Chunks that the store was asked for, and those of them that it did not have. */
  let [asked, missed] = [0, 0];
  const counts: UploadCounts = { newBytes: 0, storedBytes: 0, undurable: 0 };

  async function put(records: BlobRecord[]): Promise<void> {
    const names = new Set(records.map(({ name }) => name.toString("latin1")));
    const follows = ({ base }: BlobRecord): boolean => base !== null && names.has(base.toString("latin1"));
    // A base comes in an earlier call; those that came with what follows them have none themselves.
    await local.putEncoded(records.filter((record) => !follows(record)));
    const followers = records.filter(follows);
    if (followers.length > 0) await local.putEncoded(followers);
    for (const { length, payload } of records) {
      counts.newBytes += length;
      counts.storedBytes += payload.length;
      counts.undurable += payload.length;
    }
  }

  async function encodeAndPut(chunks: readonly SlabChunk[]): Promise<void> {
    if (chunks.every(({ base }) => base === null)) {
      const ranges = Uint32Array.from(chunks.flatMap(({ at, length }) => [at, length]));
      await put(recordsInPlace(view, chunks, await pool.encodeInPlace(ranges)));
      return;
    }
    await withBases(async () => {
      const packed = await pool.encode(await encodeJob(local, hash, fetchChains, chunks));
      await put(unpackRecords(packed, nameBytes) as BlobRecord[]);
    });
  }

  return {
    counts,
    expectsNew: () => missed * 2 >= asked,
    data(batch, release) {
      queue.data(async () => {
        const chunks = freshChunks(batch, nameBytes, inFlight);
        const there = await local.hasMany(
          "data",
          chunks.map(({ name }) => name),
        );
        const missing = chunks.filter((_, i) => there[i] === 0);
        asked += chunks.length;
        missed += missing.length;
        if (batch.encoded === null)
          await Promise.all(groups(missing, JOB_BYTES, JOB_CHUNKS).map(encodeAndPut));
        else if (missing.length > 0)
          await put(recordsInPlace(view, missing, payloadsOf(batch.encoded, missing)));
        landed(chunks, inFlight);
        release();
      });
    },
    nodes(packed: PackedRecords) {
      const records = unpackRecords(packed, nameBytes) as BlobRecord[];
      queue.afterwards(async () => {
        const there = await local.hasMany(
          "node",
          records.map(({ name }) => name),
        );
        const missing = records.filter((_, i) => there[i] === 0);
        if (missing.length > 0)
          await withBases(async () => put(await encodeNodes(missing, hash, fetchChains)));
      });
    },
    settle: () => queue.settle(),
  };
}
