/** Lays records out for one write to one pack. */
import { ByteWriter, encodeRecord, encodeRecordInto, PACK_HEADER_BYTES, recordSize } from "@datadb/protocol";
import { writeLocation } from "./location.ts";
import type { Entry, OpenPack, Shelf } from "./shelf.ts";

/** Records up to this size are copied into one buffer: below it the copy is cheaper than three more buffers in the system call. */
const COPY_BYTES = 16 * 1024;

/** What one write copies at most, and what is kept for that between writes: hundreds of small records. */
const MAX_SCRATCH_BYTES = 2 * 1024 * 1024;

/** One write. */
export interface Segment {
  /** To be written back to back at the pack's length. */
  buffers: Buffer[];
  bytes: number;
  /** Index values of the records, in order. */
  values: Buffer[];
  /** Where each record will end in the pack. */
  ends: number[];
  /** The first entry that no longer fits. */
  next: number;
}

interface Extent {
  next: number;
  bytes: number;
  /** Bytes of records that are copied. */
  copied: number;
}

function extentOf(entries: readonly Entry[], at: number, pack: OpenPack, { place }: Shelf): Extent {
  let [next, bytes, copied] = [at, 0, 0];
  for (; next < entries.length; next++) {
    const size = recordSize(entries[next]!.record!, place.nameLength);
    const alone = bytes === 0 && pack.length === PACK_HEADER_BYTES;
    if (pack.length + bytes + size > place.maxPackBytes && !alone) break;
    if (size <= COPY_BYTES && copied + size > MAX_SCRATCH_BYTES) break;
    bytes += size;
    if (size <= COPY_BYTES) copied += size;
  }
  return { next, bytes, copied };
}

/** Memory for copies: fresh memory costs a page fault for each 4 KiB, and one append of a kind runs at a time. */
function scratch(shelf: Shelf, bytes: number): Buffer {
  if (shelf.scratch.length < bytes) shelf.scratch = Buffer.allocUnsafeSlow(bytes);
  return shelf.scratch;
}

/** Where each record will be: as index values (views of one buffer), and where it ends. */
function valuesOf(
  entries: readonly Entry[],
  at: number,
  next: number,
  pack: OpenPack,
  nameLength: number,
): Pick<Segment, "values" | "ends"> {
  const writer = new ByteWriter(32 * (next - at));
  const cuts: number[] = [];
  const ends: number[] = [];
  let offset = pack.length;
  for (let index = at; index < next; index++) {
    const { encoding, base, length, payload } = entries[index]!.record!;
    writeLocation(writer, {
      pack: pack.number,
      offset,
      payloadLength: payload.length,
      length,
      encoding,
      base,
    });
    cuts.push(writer.length);
    offset += recordSize(entries[index]!.record!, nameLength);
    ends.push(offset);
  }
  const all = writer.finish();
  return { values: cuts.map((cut, index) => all.subarray(index === 0 ? 0 : cuts[index - 1], cut)), ends };
}

/** The entries from `at` on that fit into `pack`, at least one if the pack is empty. */
export function assembleSegment(
  shelf: Shelf,
  entries: readonly Entry[],
  at: number,
  pack: OpenPack,
): Segment {
  const { nameLength } = shelf.place;
  const { next, bytes, copied } = extentOf(entries, at, pack, shelf);
  const slab = scratch(shelf, copied);
  const buffers: Buffer[] = [];
  let [from, to] = [0, 0];
  for (let index = at; index < next; index++) {
    const record = entries[index]!.record!;
    if (recordSize(record, nameLength) <= COPY_BYTES) {
      to = encodeRecordInto(record, slab, to);
      continue;
    }
    if (to > from) buffers.push(slab.subarray(from, to));
    from = to;
    buffers.push(...encodeRecord(record));
  }
  if (to > from) buffers.push(slab.subarray(from, to));
  return { buffers, bytes, next, ...valuesOf(entries, at, next, pack, nameLength) };
}
