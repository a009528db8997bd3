/** compact of the s3 backend: which packs go, and how what they hold is carried over. */
import { type BlobRecord, DamagedError, PACK_HEADER_BYTES, recordSize } from "@datadb/protocol";
import type { CompactOptions, CompactSummary } from "../backend.ts";
import { decodeLocation, isDistrusted, recordKeyRange } from "../blobsfile/location.ts";
import type { ReadLimits } from "../blobsfile/read-plan.ts";
import { dropPacks } from "./drop-packs.ts";
import { flushShelves } from "./flush.ts";
import { getMany } from "./get-many.ts";
import { appendAnew } from "./put-many.ts";
import type { Pack, Shelf } from "./shelf.ts";

/** A pack below this part of the usual size is short. */
const SHORT_PART = 1 / 4;
/** So many short packs are merged: to carry a few over again and again costs more requests than they do. */
const SHORT_PACKS = 8;
/** Records in memory at once. */
const BATCH_RECORDS = 8192;
const BATCH_BYTES: number = 16 * 1024 * 1024;
/** Nobody waits for a single record: bytes between two are cheaper than a request. */
const LIMITS: ReadLimits = { gap: 1024 * 1024, range: BATCH_BYTES };
/** Packs whose records are looked for with one reading of the index. */
const GROUP_PACKS = 64;

/** How much of a pack is needed. */
interface Use {
  readonly pack: Pack;
  records: number;
  bytes: number;
  /** A record of it is damaged: it stays where it is. */
  damaged: boolean;
}

interface Plan {
  dead: Use[];
  rewritten: Use[];
  unused: number;
}

/** Bytes of a pack that no record needs; what its table takes does not count. */
function unusedOf({ pack, bytes, records }: Use, nameLength: number): number {
  // A table has about so much for each record; what removed ones have there is small.
  const table = 60 + records * (nameLength + 8);
  return Math.max(0, pack.size - PACK_HEADER_BYTES - table - bytes);
}

async function readUses(shelf: Shelf, signal?: AbortSignal): Promise<Use[]> {
  const { place, packs, lostFrom } = shelf;
  const uses = new Map<number, Use>();
  for (const pack of packs.values()) {
    if (!lostFrom.has(pack.number)) uses.set(pack.number, { pack, records: 0, bytes: 0, damaged: false });
  }
  for await (const [, value] of place.index.entries(...recordKeyRange(shelf.kind))) {
    const location = decodeLocation(value);
    const use = uses.get(location.pack);
    if (use === undefined) continue;
    if (use.records % 4096 === 0) signal?.throwIfAborted();
    use.records += 1;
    use.bytes += recordSize(location, place.nameLength);
    use.damaged ||= isDistrusted(value);
  }
  return [...uses.values()];
}

function planOf(shelf: Shelf, uses: readonly Use[], unused: number): Plan {
  const { nameLength, connection } = shelf.place;
  const wasted = (use: Use): boolean => {
    const waste = unusedOf(use, nameLength);
    return waste > 0 && waste > use.pack.size * unused;
  };
  const dead = uses.filter(({ records }) => records === 0);
  const alive = uses.filter(({ records, damaged }) => records > 0 && !damaged);
  const short = alive.filter(({ pack }) => pack.size < connection.options.packBytes * SHORT_PART);
  const merged = new Set(short.length >= SHORT_PACKS ? short : []);
  // What is cold is not read to save space: that would cost more than the space.
  const fixed = shelf.kind === "log" || (shelf.kind === "data" && connection.options.cold);
  const rewritten = fixed ? [] : alive.filter((use) => merged.has(use) || wasted(use));
  const going = new Set([...dead, ...rewritten]);
  const left = uses.filter((use) => !going.has(use));
  return { dead, rewritten, unused: left.reduce((sum, use) => sum + unusedOf(use, nameLength), 0) };
}

/** Names of all records that the index has in these packs, in batches that lie close together. */
async function namesIn(shelf: Shelf, uses: readonly Use[]): Promise<Buffer[][]> {
  const found = new Map(
    uses.map(({ pack }) => [pack.number, [] as { name: Buffer; offset: number; size: number }[]]),
  );
  for await (const [key, value] of shelf.place.index.entries(...recordKeyRange(shelf.kind))) {
    const location = decodeLocation(value);
    const size = recordSize(location, shelf.place.nameLength);
    found.get(location.pack)?.push({ name: Buffer.from(key.subarray(1)), offset: location.offset, size });
  }
  const batches: Buffer[][] = [];
  let [batch, bytes]: [Buffer[], number] = [[], 0];
  for (const records of found.values()) {
    for (const { name, size } of records.sort((a, b) => a.offset - b.offset)) {
      if (batch.length >= BATCH_RECORDS || (batch.length > 0 && bytes + size > BATCH_BYTES)) {
        batches.push(batch);
        [batch, bytes] = [[], 0];
      }
      batch.push(name);
      bytes += size;
    }
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

/** Copies what these packs hold into new ones, durably. Resolves with the bytes; null when a record cannot be read. */
async function carryOver(
  shelf: Shelf,
  shelves: readonly Shelf[],
  uses: readonly Use[],
  signal?: AbortSignal,
): Promise<number | null> {
  let bytes = 0;
  for (const names of await namesIn(shelf, uses)) {
    signal?.throwIfAborted();
    let records: (BlobRecord | null)[];
    try {
      records = await getMany(shelf, names, signal, { limits: LIMITS });
    } catch (error) {
      if (error instanceof DamagedError) return null;
      throw error;
    }
    // Null: removed since it was looked for.
    bytes += await appendAnew(
      shelf,
      records.filter((record) => record !== null),
    );
  }
  await flushShelves(shelves);
  return bytes;
}

/** See Backend.compact, of one kind. */
export async function compactShelf(
  shelf: Shelf,
  shelves: readonly Shelf[],
  options: CompactOptions,
  summary: CompactSummary,
): Promise<void> {
  const { unused, signal, onProgress } = options;
  const plan = planOf(shelf, await readUses(shelf, signal), unused);
  summary.unused += plan.unused;
  const sizeOf = (uses: readonly Use[]): number => uses.reduce((sum, { pack }) => sum + pack.size, 0);
  const total = sizeOf(plan.dead) + sizeOf(plan.rewritten);
  let done = 0;
  const drop = async (gone: readonly Use[]): Promise<void> => {
    await dropPacks(
      shelf,
      gone.map(({ pack }) => pack.number),
    );
    summary.packs += gone.length;
    summary.returned += sizeOf(gone);
    done += sizeOf(gone);
    onProgress?.(done, total);
  };
  await drop(plan.dead);
  for (let at = 0; at < plan.rewritten.length; at += GROUP_PACKS) {
    const group = plan.rewritten.slice(at, at + GROUP_PACKS);
    const bytes = await carryOver(shelf, shelves, group, signal);
    if (bytes === null) {
      summary.unused += group.reduce((sum, use) => sum + unusedOf(use, shelf.place.nameLength), 0);
      continue;
    }
    await drop(group);
    summary.returned -= bytes;
    summary.rewritten += bytes;
  }
}
