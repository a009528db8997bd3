/** getMany and statMany of the s3 backend. */
import { type BlobRecord, DamagedError, decodeRecord, FormatTooNewError, recordSize } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { distrustDamaged } from "../blobsfile/distrust.ts";
import { findValues } from "../blobsfile/has-many.ts";
import { isAbsent, isLost } from "../blobsfile/known-many.ts";
import { decodeLocation, type Location } from "../blobsfile/location.ts";
import { planReads, type ReadLimits, type ReadRange, type Wanted } from "../blobsfile/read-plan.ts";
import { forgetNearby, readNearby, readRemote } from "./read-pack.ts";
import { ObjectMissing } from "./service-error.ts";
import { keyOf, packNameOf, type Shelf } from "./shelf.ts";

/** A request costs about as much time as some hundred kilobytes. */
const LIMITS: ReadLimits = { gap: 64 * 1024, range: 16 * 1024 * 1024 };

/** Bytes that are wrong may be so on their way only. */
const READINGS = 3;

/** Records move when packs are compacted: nobody is so slow that theirs moved so often between a look-up and a read. */
const ATTEMPTS = 4;

/** See Backend.statMany. */
export function statMany(shelf: Shelf, names: readonly Buffer[]): (RecordInfo | null)[] {
  return findValues(shelf, names).map((value, index) => {
    if (value === undefined || isAbsent(shelf, value)) return null;
    const { pack, base, ...location } = decodeLocation(value);
    return {
      ...location,
      base: base === null ? null : Buffer.from(base),
      kind: shelf.kind,
      name: names[index]!,
      pack: packNameOf(shelf, pack) ?? `${shelf.kind} pack ${pack}`,
    };
  });
}

function damaged(
  shelf: Shelf,
  location: Location,
  name: Buffer,
  problem: string,
  cause?: unknown,
): DamagedError {
  const { place, kind } = shelf;
  const found = packNameOf(shelf, location.pack);
  const pack =
    found === undefined ? `${kind} pack ${location.pack}` : place.connection.place(keyOf(place, found));
  const hex = name.toString("hex");
  const lost = cause instanceof ObjectMissing || problem.includes("is lost") ? { lost: true } : {};
  return new DamagedError(`${pack}: ${problem} (record ${hex} at offset ${location.offset})`, {
    cause,
    fields: { pack, offset: location.offset, name: hex, kind, ...lost },
  });
}

function decodeItem(shelf: Shelf, bytes: Buffer, at: number, location: Location, name: Buffer): BlobRecord {
  let record: BlobRecord;
  try {
    ({ record } = decodeRecord(bytes, at, shelf.place.nameLength));
  } catch (error) {
    if (error instanceof FormatTooNewError) throw error;
    throw damaged(shelf, location, name, "the record is damaged", error);
  }
  if (record.kind === shelf.kind && record.name.equals(name)) return record;
  const other = `another record is there, ${record.kind} ${record.name.toString("hex")}`;
  throw damaged(shelf, location, name, other);
}

function decodeItems(
  shelf: Shelf,
  { items, from }: ReadRange,
  bytes: Buffer,
  names: readonly Buffer[],
): BlobRecord[] {
  return items.map(({ location, index }) =>
    decodeItem(shelf, bytes, location.offset - from, location, names[index]!),
  );
}

async function readRange(
  shelf: Shelf,
  range: ReadRange,
  names: readonly Buffer[],
  signal: AbortSignal | undefined,
): Promise<BlobRecord[]> {
  const { pack: number, from, to } = range;
  const first = range.items[0]!;
  const name = packNameOf(shelf, number);
  const missing = (cause: unknown): DamagedError =>
    damaged(shelf, first.location, names[first.index]!, "the pack is missing", cause);
  if (name === undefined) throw missing(new ObjectMissing());
  const nearby = await readNearby(shelf, name, from, to);
  for (let reading = nearby === null ? 1 : 0; ; reading++) {
    try {
      const bytes = reading === 0 ? nearby! : await readRemote(shelf, { number, name }, from, to, signal);
      return decodeItems(shelf, range, bytes, names);
    } catch (error) {
      if (error instanceof ObjectMissing) throw missing(error);
      if (!(error instanceof DamagedError) || reading >= READINGS) throw error;
      await forgetNearby(shelf, [name]);
    }
  }
}

/** Takes out of memory what is there; the rest is to be read. */
function wantedOf(shelf: Shelf, names: readonly Buffer[], result: (BlobRecord | null)[]): Wanted[] {
  const { nameLength } = shelf.place;
  const wanted: Wanted[] = [];
  findValues(shelf, names).forEach((value, index) => {
    if (value === undefined) return;
    const name = names[index]!;
    const location = decodeLocation(value);
    const bytes = shelf.pending.get(name)?.bytes;
    if (bytes) {
      result[index] = decodeItem(shelf, bytes, 0, location, name);
      return;
    }
    if (isLost(shelf, value)) throw damaged(shelf, location, name, "the pack that holds it is lost");
    const { base, payloadLength } = location;
    wanted.push({ index, location, size: recordSize({ base, payloadLength }, nameLength) });
  });
  return wanted;
}

/** See Backend.getMany. */
export async function getMany(
  shelf: Shelf,
  names: readonly Buffer[],
  signal?: AbortSignal,
  { attempts = ATTEMPTS, limits = LIMITS }: { attempts?: number; limits?: ReadLimits } = {},
): Promise<(BlobRecord | null)[]> {
  const result = new Array<BlobRecord | null>(names.length).fill(null);
  const { counts } = shelf.place;
  const ranges = planReads(wantedOf(shelf, names, result), limits);
  const moved: number[] = [];
  const read = async (range: ReadRange): Promise<void> => {
    signal?.throwIfAborted();
    const records = await readRange(shelf, range, names, signal).catch(async (error: unknown) => {
      if (packNameOf(shelf, range.pack) === undefined && attempts > 1) return null;
      await distrustDamaged(shelf, error, names);
      throw error;
    });
    range.items.forEach(({ index }, at) => {
      if (records === null) moved.push(index);
      else result[index] = records[at]!;
    });
  };
  await Promise.all(ranges.map(read));
  if (moved.length > 0) {
    // Their pack was compacted away since they were looked up: the index knows where they are now, or that they were removed.
    const again = moved.map((index) => names[index]!);
    const found = await getMany(shelf, again, signal, { attempts: attempts - 1, limits });
    for (const [at, index] of moved.entries()) result[index] = found[at]!;
  }
  const late = new Set(moved);
  result.forEach((record, index) => {
    if (record === null || late.has(index)) return;
    counts.downloaded += 1;
    counts.downloadedBytes += record.payload.length;
  });
  return result;
}
