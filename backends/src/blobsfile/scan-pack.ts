/** Reads a pack from one end to the other and tells what is really there. */
import {
  PACK_HEADER_BYTES,
  PackScanner,
  type RecordHead,
  type RecordKind,
  type ScanEvent,
} from "@datadb/protocol";
import type { DamagedRange } from "../backend.ts";
import type { FileHandle } from "../file-system.ts";
import type { Place } from "./shelf.ts";

/** Bytes of one read: large enough for the disk, small enough for several scans at once. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** The same where payloads are handed out: they live as long as the read that brought them. */
const PAYLOAD_CHUNK_BYTES: number = 1024 * 1024;

/** Records in one piece: bounds memory, whatever the pack holds. */
const PIECE_RECORDS = 4096;

/** A valid record, checksum included; `name` and `base` are copies. */
export interface ScannedRecord
  extends Pick<RecordHead, "name" | "encoding" | "base" | "length" | "payloadLength"> {
  offset: number;
}

/** A record whose payload was asked for. All its buffers are views: who keeps one keeps megabytes. */
export interface ReadRecord extends ScannedRecord {
  payload: Buffer;
}

/** What was found up to `end`. */
export interface ScanPiece<R extends ScannedRecord = ScannedRecord> {
  records: R[];
  damaged: DamagedRange[];
  /** Everything before it is told; when torn, where the tail begins. */
  end: number;
  /** Where the torn tail begins; only in the last piece. */
  torn?: number;
}

/** What to scan, in bytes; `to` beyond the end means the end. */
export interface ScanExtent {
  from: number;
  to: number;
  /** See ScanOptions.unsyncedEnd. */
  unsyncedEnd?: boolean;
}

async function* readChunks(
  file: FileHandle,
  from: number,
  to: number,
  bytesAtOnce: number,
): AsyncGenerator<Buffer> {
  for (let at = from; at < to; ) {
    // Fresh memory each time: the scanner keeps views of what it has not told yet.
    const target = Buffer.allocUnsafeSlow(Math.min(bytesAtOnce, to - at));
    const bytes = await file.read(target, at);
    if (bytes === 0) return;
    yield target.subarray(0, bytes);
    at += bytes;
  }
}

function recordOf({ offset, head }: ScanEvent & { type: "record" }): ScannedRecord {
  const { name, encoding, base, length, payloadLength } = head;
  return { offset, name, encoding, base, length, payloadLength };
}

function addEvent<R extends ScannedRecord>(
  piece: ScanPiece<R>,
  event: ScanEvent,
  record: (event: ScanEvent & { type: "record" }) => R,
): void {
  if (event.type === "record") {
    piece.records.push(record(event));
    piece.end = event.offset + event.size;
  } else if (event.type === "damage") {
    piece.damaged.push({ from: event.from, to: event.to });
    piece.end = event.to;
  } else {
    piece.torn = event.from;
    piece.end = event.from;
  }
}

/** Pieces of a pack, in order, at least one. Errors: the system's, and FORMAT_TOO_NEW. */
export async function* scanPack(
  place: Place,
  kind: RecordKind,
  path: string,
  extent: ScanExtent,
): AsyncGenerator<ScanPiece> {
  let piece: ScanPiece = { records: [], damaged: [], end: startOf(extent) };
  for await (const events of scanEvents(place, kind, path, extent)) {
    for (const event of events) {
      if (piece.records.length >= PIECE_RECORDS) {
        yield piece;
        piece = { records: [], damaged: [], end: piece.end };
      }
      addEvent(piece, event, recordOf);
    }
  }
  yield piece;
}

/** The same of records that are wanted, with their payloads: a piece for each read. The others are passed over, but damage is told. */
export async function* readPack(
  place: Place,
  kind: RecordKind,
  path: string,
  wanted: (offset: number) => boolean,
): AsyncGenerator<ScanPiece<ReadRecord>> {
  const extent = { from: 0, to: Number.POSITIVE_INFINITY };
  let end = startOf(extent);
  for await (const events of scanEvents(place, kind, path, extent, wanted)) {
    const piece: ScanPiece<ReadRecord> = { records: [], damaged: [], end };
    for (const event of events)
      addEvent(piece, event, (one) => ({ ...recordOf(one), payload: payloadOf(one) }));
    end = piece.end;
    yield piece;
  }
}

function payloadOf({ head, buffer, at }: ScanEvent & { type: "record" }): Buffer {
  const from = at + head.headSize;
  return buffer.subarray(from, from + head.payloadLength);
}

function startOf({ from }: ScanExtent): number {
  return Math.max(from, PACK_HEADER_BYTES);
}

async function* scanEvents(
  place: Place,
  kind: RecordKind,
  path: string,
  extent: ScanExtent,
  wanted?: (offset: number) => boolean,
): AsyncGenerator<ScanEvent[]> {
  const file = await place.fs.open(path, "read");
  try {
    const start = startOf(extent);
    const scanner = new PackScanner({
      n: place.nameLength,
      kind,
      start,
      unsyncedEnd: extent.unsyncedEnd ?? false,
      ...(wanted && { wanted }),
    });
    const bytesAtOnce = wanted === undefined ? CHUNK_BYTES : PAYLOAD_CHUNK_BYTES;
    for await (const chunk of readChunks(file, start, extent.to, bytesAtOnce)) yield scanner.push(chunk);
    yield scanner.finish();
  } finally {
    await file.close();
  }
}
