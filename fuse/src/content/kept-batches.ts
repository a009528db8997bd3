/**
 * Which contents are kept within a limit of memory. What is decoded together is let go together: that alone gives memory back. What nobody has come
 * for yet stays before what was read, since the kernel keeps that, too; what somebody holds always stays.
 */
import { createSlabPool, SLAB_BYTES, type Slab, type SlabPool } from "./slab-pool.ts";

interface KeptBlob {
  readonly key: string;
  readonly length: number;
  content: Buffer | Promise<Buffer>;
  readonly batch: KeptBatch;
  /** Somebody came for it. */
  read: boolean;
}

export interface KeptBatch {
  blobs: KeptBlob[];
  /** Memory that it takes, or will take. */
  bytes: number;
  /** Blobs that nobody has come for yet. */
  unread: number;
  holders: number;
  /** What the contents lie in; null: in memory of their own. Undefined until they are here. */
  slab: Slab | null | undefined;
  /** Bytes that had been added before. */
  added: number;
}

export interface KeptBatches {
  /** Makes room for what is taken. */
  readonly slabs: SlabPool;
  get(key: string): KeptBlob | undefined;
  /** Contents that are on their way, for somebody who will come; `small` ones have memory of their own. */
  add(blobs: readonly { key: string; length: number }[], small: boolean): KeptBatch;
  /** Somebody came for a blob. */
  use(blob: KeptBlob): void;
  /** The contents are here, except of those that are dropped. */
  arrive(batch: KeptBatch, slab: Slab | null): void;
  /** The content of a blob will not come. */
  drop(blob: KeptBlob): void;
  /** Nothing of the batch will come. */
  fail(batch: KeptBatch): void;
  /** How much more may be fetched before it is asked for, so that nothing has to go unread. */
  readonly room: number;
  readonly bytes: number;
}

/** Of the limit, for what was not read yet. */
const UNREAD_PART = 1 / 2;
/** After so many limits of bytes nobody is thought to come any more. */
const FORSAKEN_LIMITS = 2;

export function createKeptBatches(limitBytes: number): KeptBatches {
  const blobs = new Map<string, KeptBlob>();
  // Oldest first.
  const unread = new Set<KeptBatch>();
  const read = new Set<KeptBatch>();
  const slabs = createSlabPool(shrink);
  let ownBytes = 0;
  let unreadBytes = 0;
  let addedBytes = 0;

  function moveOn(batch: KeptBatch): void {
    if (batch.unread > 0) return;
    if (unread.delete(batch)) unreadBytes -= batch.bytes;
    else if (!read.delete(batch)) return;
    read.add(batch);
  }

  function remove(batch: KeptBatch): void {
    if (unread.delete(batch)) unreadBytes -= batch.bytes;
    read.delete(batch);
    for (const blob of batch.blobs) if (blobs.get(blob.key) === blob) blobs.delete(blob.key);
    if (batch.slab === null) ownBytes -= batch.bytes;
    else if (batch.slab !== undefined) slabs.give(batch.slab);
  }

  function removeOld(batches: ReadonlySet<KeptBatch>, most: number, before: number): void {
    for (const batch of batches) {
      if (slabs.bytes + ownBytes <= most || batch.added > before) return;
      if (batch.slab !== undefined && batch.holders === 0) remove(batch);
    }
  }

  function shrink(room: number): void {
    const most = limitBytes - room;
    removeOld(unread, most, addedBytes - FORSAKEN_LIMITS * limitBytes);
    removeOld(read, most, Number.POSITIVE_INFINITY);
    removeOld(unread, most, Number.POSITIVE_INFINITY);
  }

  function use(blob: KeptBlob): void {
    if (!blob.read) blob.batch.unread -= 1;
    blob.read = true;
    moveOn(blob.batch);
  }

  return {
    slabs,
    use,
    get: (key) => blobs.get(key),
    add(added, small) {
      const batch = newBatch(added, small, addedBytes);
      for (const blob of batch.blobs) blobs.set(blob.key, blob);
      unread.add(batch);
      unreadBytes += batch.bytes;
      addedBytes += batch.bytes;
      return batch;
    },
    arrive(batch, slab) {
      batch.slab = slab;
      if (slab !== null) return;
      ownBytes += batch.bytes;
      shrink(0);
    },
    drop(blob) {
      use(blob);
      if (blobs.get(blob.key) === blob) blobs.delete(blob.key);
    },
    fail: remove,
    get room() {
      return Math.max(0, limitBytes * UNREAD_PART - unreadBytes);
    },
    get bytes() {
      return slabs.bytes + ownBytes;
    },
  };
}

function newBatch(
  blobs: readonly { key: string; length: number }[],
  small: boolean,
  addedBytes: number,
): KeptBatch {
  const sum = blobs.reduce((bytes, { length }) => bytes + length, 0);
  const bytes = small ? sum : Math.max(sum, SLAB_BYTES);
  const counts = { unread: blobs.length, holders: 0, added: addedBytes };
  const batch: KeptBatch = { blobs: [], bytes, slab: undefined, ...counts };
  for (const { key, length } of blobs)
    batch.blobs.push({ key, length, content: Buffer.alloc(0), batch, read: false });
  return batch;
}
