/** Contents of chunks, decoded and verified once, the last used ones kept. */
import { type Connection, fetchChains, fetchRecords } from "@datadb/client";
import type { HashAlgorithm } from "@datadb/protocol";
import { type DecoderPool, startDecoders } from "./decoder-pool.ts";

/** A chunk and how long its content must be. */
export interface WantedBlob {
  name: Buffer;
  length: number;
}

export interface BlobCache {
  /** The content; rejects when it is missing, damaged, of another length, or the store cannot be reached. */
  get(wanted: WantedBlob): Promise<Buffer> | Buffer;
  /** Starts to fetch what is not here, together; failures show when it is asked for. */
  want(wanted: readonly WantedBlob[]): void;
  /** Bytes that are here or on their way. */
  readonly bytes: number;
  /** Resolves when what decodes is running. */
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Kept {
  length: number;
  content: Buffer | Promise<Buffer>;
}

/** Bytes and blobs that are fetched with one question: its records are decoded together, in one thread. */
const BATCH_BYTES = 1 << 20;
const BATCH_BLOBS = 256;

export function createBlobCache(connection: Connection, hash: HashAlgorithm, limitBytes: number): BlobCache {
  const kept = new Map<string, Kept>();
  const decoders: DecoderPool = startDecoders(hash);
  let total = 0;

  function forget(key: string, one: Kept): void {
    if (kept.get(key) !== one) return;
    kept.delete(key);
    total -= one.length;
  }

  function shrink(): void {
    for (const [key, one] of kept) {
      if (total <= limitBytes) return;
      if (Buffer.isBuffer(one.content)) forget(key, one);
    }
  }

  async function load(batch: readonly WantedBlob[]): Promise<(Buffer | Error)[]> {
    const names = batch.map(({ name }) => name);
    const records = await fetchRecords(connection, "data", names);
    return await decoders.decode(await fetchChains(connection, "data", names, records));
  }

  function fetch(batch: readonly WantedBlob[]): void {
    const loaded = load(batch);
    batch.forEach((wanted, index) => {
      const key = wanted.name.toString("latin1");
      const content = loaded.then((contents) => checked(wanted, contents[index]!));
      const one: Kept = { length: wanted.length, content };
      kept.set(key, one);
      total += wanted.length;
      content.then(
        (bytes) => {
          one.content = bytes;
        },
        // Not kept: what could not be reached may be there again.
        () => forget(key, one),
      );
    });
    shrink();
  }

  function want(wanted: readonly WantedBlob[]): void {
    let batch: WantedBlob[] = [];
    let bytes = 0;
    const names = new Set<string>();
    for (const one of wanted) {
      const key = one.name.toString("latin1");
      if (kept.has(key) || names.has(key)) continue;
      names.add(key);
      batch.push(one);
      bytes += one.length;
      if (bytes < BATCH_BYTES && batch.length < BATCH_BLOBS) continue;
      fetch(batch);
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) fetch(batch);
  }

  return {
    want,
    get(wanted) {
      const key = wanted.name.toString("latin1");
      let one = kept.get(key);
      if (one === undefined) {
        want([wanted]);
        one = kept.get(key)!;
      } else {
        kept.delete(key);
        kept.set(key, one);
      }
      if (!Buffer.isBuffer(one.content)) return one.content;
      return checked(wanted, one.content);
    },
    get bytes() {
      return total;
    },
    start: decoders.start,
    close: decoders.close,
  };
}

function checked({ name, length }: WantedBlob, content: Buffer | Error): Buffer {
  if (content instanceof Error) throw content;
  if (content.length === length) return content;
  throw new Error(`blob ${name.toString("hex")} has ${content.length} bytes where ${length} belong`);
}
