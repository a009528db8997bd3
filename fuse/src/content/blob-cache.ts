/** Contents of chunks, decoded and verified once, the last used ones kept. */
import { type Connection, fetchChains, fetchRecords } from "@datadb/client";
import type { HashAlgorithm } from "@datadb/protocol";
import { startDecoders } from "./decoder-pool.ts";
import { createKeptBlobs, type KeptBlob, type SharedMemory } from "./kept-blobs.ts";

/** A chunk and how long its content must be. */
export interface WantedBlob {
  name: Buffer;
  length: number;
}

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
  /** Bytes of memory that contents take. */
  readonly bytes: number;
  /** Resolves when what decodes is running. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Bytes and blobs that are fetched with one question: its records are decoded together, in one thread. */
const BATCH_BYTES = 1 << 20;
const BATCH_BLOBS = 256;

export function createBlobCache(connection: Connection, hash: HashAlgorithm, limitBytes: number): BlobCache {
  const memory = createKeptBlobs(limitBytes);
  const { blobs: kept, leave } = memory;
  const decoders = startDecoders(hash, memory.slabs);

  async function load(
    batch: readonly WantedBlob[],
    entries: readonly KeptBlob[],
  ): Promise<(Buffer | Error)[]> {
    const names = batch.map(({ name }) => name);
    const records = await fetchRecords(connection, "data", names);
    const { contents, slab } = await decoders.decode(await fetchChains(connection, "data", names, records));
    const shared: SharedMemory = { slab, kept: contents.length };
    // Now, before anything else can run: what has failed takes no part in the memory, the rest is kept with it.
    return contents.map((content, index) => {
      const found = checked(batch[index]!, content);
      const { length } = batch[index]!;
      if (slab === null) memory.grow(length);
      if (found instanceof Error) leave(shared, length);
      else Object.assign(entries[index]!, { content: found, shared });
      return found;
    });
  }

  function fetch(batch: readonly WantedBlob[]): void {
    const entries = batch.map(
      ({ length }): KeptBlob => ({ length, content: Buffer.alloc(0), shared: null, holders: 0 }),
    );
    const loaded = load(batch, entries);
    batch.forEach((wanted, index) => {
      const key = wanted.name.toString("latin1");
      const one = entries[index]!;
      kept.set(key, one);
      one.content = loaded.then((contents) => {
        const content = contents[index]!;
        if (content instanceof Error) throw content;
        return content;
      });
      one.content.catch(() => {
        // Not kept: what could not be reached may be there again.
        if (kept.get(key) === one) kept.delete(key);
      });
    });
    loaded.then(memory.shrink, () => undefined);
  }

  const want = (wanted: readonly WantedBlob[]): void => {
    for (const batch of batches(wanted, (key) => kept.has(key))) fetch(batch);
  };

  return {
    want,
    hold(wanted) {
      const key = wanted.name.toString("latin1");
      if (!kept.has(key)) want([wanted]);
      const one = kept.get(key)!;
      kept.delete(key);
      kept.set(key, one);
      one.holders += 1;
      const release = (): void => {
        one.holders -= 1;
      };
      const wrong = one.length === wanted.length ? null : checked(wanted, Buffer.alloc(0));
      const content = wrong instanceof Error ? Promise.reject(wrong) : one.content;
      return { content, release };
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
    names.add(key);
    batch.push(one);
    bytes += one.length;
    if (bytes < BATCH_BYTES && batch.length < BATCH_BLOBS) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function checked({ name, length }: WantedBlob, content: Buffer | Error): Buffer | Error {
  if (content instanceof Error || content.length === length) return content;
  return new Error(`blob ${name.toString("hex")} has ${content.length} bytes where ${length} belong`);
}
