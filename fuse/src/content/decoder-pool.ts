/** Reads, decodes and verifies chunks in threads, so that neither metadata nor other reads wait for it. */
import { contentOf, type RecordChain } from "@datadb/client";
import { type BlobRecord, DamagedError, type HashAlgorithm } from "@datadb/protocol";
import { decodeJob, payloadBytes } from "./decode-job.ts";
import { createDecoderThreads } from "./decoder-threads.ts";
import { type PlacedRecord, readJob } from "./read-job.ts";
import type { Slab, SlabPool } from "./slab-pool.ts";

/** Less content than this is decoded faster here than a thread can be told of it. */
export const SMALL_BYTES: number = 160 * 1024;

export interface DecodedBatch {
  /** Verified contents in order; an Error stands for what is missing or damaged. */
  contents: (Buffer | Error)[];
  /** What the contents lie in, to be given back by the caller; null: in memory of their own. */
  slab: Slab | null;
}

export interface ReadBatch {
  /** Room for each content, one behind the other. */
  room: Buffer[];
  /** Whether the content is there: it is verified then. */
  found: boolean[];
  /** What the contents lie in, to be given back by the caller. */
  slab: Slab;
}

export interface DecoderPool {
  /** Records that a thread reads itself. Rejects when a thread dies. */
  read(records: readonly PlacedRecord[]): Promise<ReadBatch>;
  /** `small`: here, each content in memory of its own. Rejects when a thread dies. */
  decode(chains: readonly RecordChain[], small: boolean): Promise<DecodedBatch>;
  /** Resolves when the threads have started: the first reader should not have to wait for them. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export function startDecoders(hash: HashAlgorithm, slabs: SlabPool): DecoderPool {
  const threads = createDecoderThreads();

  /** What is left of a thread that died is given back, too. */
  async function withSlab<T>(bytes: number, use: (slab: Slab) => Promise<T>): Promise<T> {
    const slab = slabs.take(bytes);
    try {
      return await use(slab);
    } catch (error) {
      slabs.give(slab);
      throw error;
    }
  }

  async function decodeInThread(chains: readonly BlobRecord[][], contents: Slab): Promise<(string | null)[]> {
    return await withSlab(payloadBytes(chains), async (payloads) => {
      const errors = await threads.run((tell) => decodeJob(tell, hash, chains, payloads, contents));
      slabs.give(payloads);
      return errors;
    });
  }

  async function batch(chains: readonly RecordChain[], slab: Slab): Promise<DecodedBatch> {
    const sound = chains.filter((chain): chain is BlobRecord[] => !(chain instanceof Error));
    const errors = await decodeInThread(sound, slab);
    let at = 0;
    let next = 0;
    const contents = chains.map((chain) => {
      if (chain instanceof Error) return chain;
      const content = slab.view.subarray(at, at + chain.at(-1)!.length);
      at += content.length;
      const error = errors[next++];
      return error ? new DamagedError(error) : content;
    });
    return { contents, slab };
  }

  return {
    async read(records) {
      const bytes = records.reduce((sum, { length }) => sum + length, 0);
      return await withSlab(bytes, async (slab) => {
        const errors = await threads.run((tell) => readJob(tell, hash, records, slab));
        let end = 0;
        const room = records.map(({ length }) => {
          end += length;
          return slab.view.subarray(end - length, end);
        });
        return { room, found: errors.map((error) => error === null), slab };
      });
    },
    async decode(chains, small) {
      if (small) return { contents: chains.map((chain) => owned(contentOf(hash, chain))), slab: null };
      const bytes = chains.reduce(
        (sum, chain) => sum + (chain instanceof Error ? 0 : chain.at(-1)!.length),
        0,
      );
      return await withSlab(bytes, (slab) => batch(chains, slab));
    },
    async start() {
      const slab = slabs.take(0);
      const starting = Array.from({ length: threads.count }, () =>
        threads.run((tell) => readJob(tell, hash, [], slab)),
      );
      await Promise.all(starting);
      slabs.give(slab);
    },
    close: threads.close,
  };
}

/** A content that is a view would keep all of what was read with it. */
function owned(content: Buffer | Error): Buffer | Error {
  return content instanceof Error || content.buffer.byteLength === content.length
    ? content
    : Buffer.from(content);
}
