/** Copies what packs hold into new ones, so that they can be deleted. */
import { type BlobRecord, DamagedError, recordSize } from "@datadb/protocol";
import { decodeLocation, recordKeyRange } from "../blobsfile/location.ts";
import type { ReadLimits } from "../blobsfile/read-plan.ts";
import { type Placed, partLeaving, stillHere } from "../blobsfile/still-here.ts";
import { flushShelves } from "./flush.ts";
import { getMany } from "./get-many.ts";
import { appendAnew } from "./put-many.ts";
import type { Shelf } from "./shelf.ts";

/** Records in memory at once. */
const BATCH_RECORDS = 8192;
const BATCH_BYTES: number = 16 * 1024 * 1024;
/** Nobody waits for a single record: bytes between two are cheaper than a request. */
const LIMITS: ReadLimits = { gap: 1024 * 1024, range: BATCH_BYTES };

/** A record that the index has in one of the packs. */
interface Found extends Placed {
  readonly pack: number;
  readonly size: number;
}

const packOf = ({ pack }: Found): number => pack;

/** All that the index has in these packs, in batches that lie close together. */
async function batchesIn(shelf: Shelf, packs: ReadonlySet<number>, signal?: AbortSignal): Promise<Found[][]> {
  const found = new Map([...packs].map((pack) => [pack, [] as Found[]]));
  let seen = 0;
  for await (const [key, value] of shelf.place.index.entries(...recordKeyRange(shelf.kind))) {
    if (seen++ % 4096 === 0) signal?.throwIfAborted();
    const location = decodeLocation(value);
    const { pack, offset } = location;
    const size = recordSize(location, shelf.place.nameLength);
    found.get(pack)?.push({ name: Buffer.from(key.subarray(1)), pack, offset, size });
  }
  const batches: Found[][] = [];
  let [batch, bytes]: [Found[], number] = [[], 0];
  for (const records of found.values()) {
    for (const record of records.sort((a, b) => a.offset - b.offset)) {
      if (batch.length >= BATCH_RECORDS || (batch.length > 0 && bytes + record.size > BATCH_BYTES)) {
        batches.push(batch);
        [batch, bytes] = [[], 0];
      }
      batch.push(record);
      bytes += record.size;
    }
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

/** Null when one of them is damaged. */
async function readBatch(
  shelf: Shelf,
  batch: readonly Found[],
  signal?: AbortSignal,
): Promise<(BlobRecord | null)[] | null> {
  const names = batch.map(({ name }) => name);
  try {
    return await getMany(shelf, names, signal, { limits: LIMITS });
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}

/** Resolves with the bytes of the copies when they are durable and the index points to them; null when the packs must stay. */
export async function carryOver(
  shelf: Shelf,
  shelves: readonly Shelf[],
  packs: ReadonlySet<number>,
  signal?: AbortSignal,
): Promise<number | null> {
  const { abandoned } = shelf;
  const leaving: Found[] = [];
  let bytes = 0;
  for (const batch of await batchesIn(shelf, packs, signal)) {
    signal?.throwIfAborted();
    const records = await readBatch(shelf, batch, signal);
    // What was removed or replaced while it was read must not come back.
    const found = records && stillHere(shelf, batch, packOf);
    if (records === null || found === null) return null;
    const parted = partLeaving(shelf, found);
    leaving.push(...parted.leaving);
    const staying = new Set(parted.staying);
    bytes += await appendAnew(
      shelf,
      records.filter((record, at) => record !== null && staying.has(batch[at]!)) as BlobRecord[],
    );
  }
  await flushShelves(shelves);
  // An upload may have failed with copies of ours, and somebody else been told of it.
  if (shelf.abandoned > abandoned) return null;
  return stillHere(shelf, leaving, packOf)?.length === 0 ? bytes : null;
}
