/** getMany and statMany of the blobsfile backend. */
import { type BlobRecord, DamagedError, decodeRecord, FormatTooNewError, recordSize } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { distrustDamaged } from "./distrust.ts";
import { fileError, systemCode } from "./file-error.ts";
import { findValues } from "./has-many.ts";
import { isAbsent, isLost } from "./known-many.ts";
import { decodeLocation, type Location } from "./location.ts";
import { endOfPack, packPath } from "./pack-lifecycle.ts";
import { packName } from "./pack-name.ts";
import { planReads, type ReadRange, type Wanted } from "./read-plan.ts";
import type { Shelf } from "./shelf.ts";

/** As many as libuv's pool has threads: more would only queue there, and hold their memory meanwhile. */
const PARALLEL_READS = 4;

/** Records move when packs are compacted: nobody is so slow that theirs moved so often between a look-up and a read. */
const READ_ATTEMPTS = 4;

function infoOf(shelf: Shelf, name: Buffer, location: Location): RecordInfo {
  const { payloadLength, length, encoding, offset } = location;
  const base = location.base === null ? null : Buffer.from(location.base);
  return {
    kind: shelf.kind,
    name,
    encoding,
    base,
    length,
    payloadLength,
    pack: packName(shelf.kind, location.pack),
    offset,
  };
}

/** See Backend.statMany. */
export function statMany(shelf: Shelf, names: readonly Buffer[]): (RecordInfo | null)[] {
  return findValues(shelf, names).map((value, index) =>
    value === undefined || isAbsent(shelf, value)
      ? null
      : infoOf(shelf, names[index]!, decodeLocation(value)),
  );
}

function damaged(
  shelf: Shelf,
  location: Location,
  name: Buffer,
  problem: string,
  cause?: unknown,
  lost = false,
): DamagedError {
  const pack = packPath(shelf, location.pack);
  const hex = name.toString("hex");
  return new DamagedError(`${pack}: ${problem} (record ${hex} at offset ${location.offset})`, {
    cause,
    fields: { pack, offset: location.offset, name: hex, kind: shelf.kind, ...(lost ? { lost } : {}) },
  });
}

/** The error for a range that cannot be read: a pack that is gone or a bad sector is damage, the rest is out of reach. */
async function readError(
  shelf: Shelf,
  range: ReadRange,
  names: readonly Buffer[],
  error: unknown,
): Promise<Error> {
  const first = range.items[0]!;
  const code = systemCode(error);
  if (code === "EIO")
    return damaged(shelf, first.location, names[first.index]!, "the disk cannot read it", error);
  const { fs, directory } = shelf.place;
  if (code === "ENOENT" && (await fs.stat(directory).catch(() => null)) !== null)
    return damaged(shelf, first.location, names[first.index]!, "the pack is missing", error, true);
  return fileError("read", packPath(shelf, range.pack), error);
}

function decodeItem(shelf: Shelf, range: ReadRange, bytes: Buffer, item: Wanted, name: Buffer): BlobRecord {
  const { location, size } = item;
  const at = location.offset - range.from;
  if (at + size > bytes.length) throw damaged(shelf, location, name, "the pack ends before the record does");
  let record: BlobRecord;
  try {
    ({ record } = decodeRecord(bytes, at, shelf.place.nameLength));
  } catch (error) {
    if (error instanceof FormatTooNewError) throw error;
    throw damaged(shelf, location, name, "the record is damaged", error);
  }
  if (record.kind === shelf.kind && record.name.equals(name)) return record;
  throw damaged(
    shelf,
    location,
    name,
    `another record is there, ${record.kind} ${record.name.toString("hex")}`,
  );
}

async function readRange(shelf: Shelf, range: ReadRange, names: readonly Buffer[]): Promise<BlobRecord[]> {
  const target = Buffer.allocUnsafeSlow(range.to - range.from);
  let bytes: number;
  try {
    const path = packPath(shelf, range.pack);
    bytes = await shelf.place.handles.use(path, (file) => file.read(target, range.from));
  } catch (error) {
    throw await readError(shelf, range, names, error);
  }
  const found = target.subarray(0, bytes);
  return range.items.map((item) => decodeItem(shelf, range, found, item, names[item.index]!));
}

function wantedOf(shelf: Shelf, names: readonly Buffer[]): Wanted[] {
  const { nameLength } = shelf.place;
  const wanted: Wanted[] = [];
  findValues(shelf, names).forEach((value, index) => {
    if (value === undefined) return;
    const location = decodeLocation(value);
    if (isLost(shelf, value))
      throw damaged(
        shelf,
        location,
        names[index]!,
        "the part of the pack that holds it is lost",
        undefined,
        true,
      );
    wanted.push({
      index,
      location,
      size: recordSize({ base: location.base, payloadLength: location.payloadLength }, nameLength),
    });
  });
  return wanted;
}

/** Whether a compaction has taken away what a range held. */
function isGone(shelf: Shelf, { pack, to }: ReadRange): boolean {
  return !shelf.packs.has(pack) || to > endOfPack(shelf, pack);
}

/** See Backend.getMany. */
export async function getMany(
  shelf: Shelf,
  names: readonly Buffer[],
  signal?: AbortSignal,
  attempts: number = READ_ATTEMPTS,
): Promise<(BlobRecord | null)[]> {
  const result = new Array<BlobRecord | null>(names.length).fill(null);
  const { counts } = shelf.place;
  const ranges = planReads(wantedOf(shelf, names));
  const moved: number[] = [];
  let next = 0;
  const read = async (): Promise<void> => {
    for (let range = ranges[next++]; range !== undefined; range = ranges[next++]) {
      signal?.throwIfAborted();
      const records = await readRange(shelf, range, names).catch(async (error: unknown) => {
        if (isGone(shelf, range) && attempts > 1) return null;
        await distrustDamaged(shelf, error, names);
        throw error;
      });
      if (records === null) {
        moved.push(...range.items.map(({ index }) => index));
        continue;
      }
      range.items.forEach((item, at) => {
        result[item.index] = records[at]!;
        counts.downloadedBytes += item.location.payloadLength;
      });
      counts.downloaded += records.length;
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_READS, ranges.length) }, read));
  if (moved.length === 0) return result;
  // Their pack was compacted away since they were looked up: the index knows where they are now, or that they were removed.
  const again = moved.map((index) => names[index]!);
  const found = await getMany(shelf, again, signal, attempts - 1);
  for (const [at, index] of moved.entries()) result[index] = found[at]!;
  return result;
}
