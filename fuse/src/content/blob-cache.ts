/** Contents of chunks, decoded and verified once, the last used ones kept. */
import type { Connection } from "@datadb/client";
import type { HashAlgorithm } from "@datadb/protocol";
import { SMALL_BYTES, startDecoders } from "./decoder-pool.ts";
import { createKeptBatches, type KeptBatch } from "./kept-batches.ts";
import { loadBatch, type WantedBlob } from "./load-batch.ts";
import { SLAB_BYTES } from "./slab-pool.ts";

/** A chunk that is here or on its way, and stays until release(). */
interface HeldBlob {
  /** Rejects when it is missing, damaged, of another length, or the store cannot be reached. Only valid until release(). */
  content: Buffer | Promise<Buffer>;
  /** Once: the memory may be used for something else. */
  release(): void;
}

export interface BlobCache {
  hold(wanted: WantedBlob): HeldBlob;
  /** Starts to fetch what is not here, together; failures show when it is asked for. */
  want(wanted: readonly WantedBlob[]): void;
  /** How many bytes may be wanted before somebody is there for them. */
  readonly room: number;
  /** Bytes of memory that contents take. */
  readonly bytes: number;
  /** Resolves when what decodes is running. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** What is fetched with one question is decoded together, in one thread: as much as a slab has room for, and so many blobs at most. */
const BATCH_BLOBS = 256;

export function createBlobCache(connection: Connection, hash: HashAlgorithm, limitBytes: number): BlobCache {
  const memory = createKeptBatches(limitBytes);
  const decoders = startDecoders(hash, memory.slabs);
  const surroundings = { connection, decoders, slabs: memory.slabs };

  async function load(
    wanted: readonly WantedBlob[],
    small: boolean,
    batch: KeptBatch,
  ): Promise<(Buffer | Error)[]> {
    try {
      const { contents, slab } = await loadBatch(surroundings, wanted, small);
      // Now, before anything else can run.
      memory.arrive(batch, slab);
      return contents.map((content, index) => {
        const blob = batch.blobs[index]!;
        if (!(content instanceof Error)) blob.content = content;
        // Not kept: what could not be reached may be there again.
        else memory.drop(blob);
        return content;
      });
    } catch (error) {
      memory.fail(batch);
      throw error;
    }
  }

  function fetch(wanted: readonly WantedBlob[]): void {
    const small = wanted.reduce((sum, { length }) => sum + length, 0) <= SMALL_BYTES;
    const keyed = wanted.map(({ name, length }) => ({ key: name.toString("latin1"), length }));
    const batch = memory.add(keyed, small);
    const loaded = load(wanted, small, batch);
    batch.blobs.forEach((blob, index) => {
      const content = loaded.then((contents) => {
        const found = contents[index]!;
        if (found instanceof Error) throw found;
        return found;
      });
      content.catch(() => undefined);
      blob.content = content;
    });
  }

  const want = (wanted: readonly WantedBlob[]): void => {
    for (const batch of batches(wanted, (key) => memory.get(key) !== undefined)) fetch(batch);
  };

  return {
    want,
    hold(wanted) {
      const key = wanted.name.toString("latin1");
      if (memory.get(key) === undefined) want([wanted]);
      const blob = memory.get(key)!;
      memory.use(blob);
      blob.batch.holders += 1;
      const release = (): void => {
        blob.batch.holders -= 1;
      };
      const { length } = blob;
      const content = length === wanted.length ? blob.content : Promise.reject(otherLength(wanted, length));
      return { content, release };
    },
    get room() {
      return memory.room;
    },
    get bytes() {
      return memory.bytes;
    },
    start: decoders.start,
    close: decoders.close,
  };
}

/** What is not known yet, each once. */
function* batches(wanted: readonly WantedBlob[], known: (key: string) => boolean): Generator<WantedBlob[]> {
  let batch: WantedBlob[] = [];
  let bytes = 0;
  const names = new Set<string>();
  for (const one of wanted) {
    const key = one.name.toString("latin1");
    if (known(key) || names.has(key)) continue;
    if (batch.length === BATCH_BLOBS || (batch.length > 0 && bytes + one.length > SLAB_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    names.add(key);
    batch.push(one);
    bytes += one.length;
  }
  if (batch.length > 0) yield batch;
}

/** Two lists do not agree about a chunk. */
function otherLength({ name, length }: WantedBlob, found: number): Error {
  return new Error(`blob ${name.toString("hex")} has ${found} bytes where ${length} belong`);
}
