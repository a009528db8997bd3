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

/** Records in one piece: bounds memory, whatever the pack holds. */
const PIECE_RECORDS = 4096;

/** A valid record, checksum included; `name` and `base` are copies. */
export interface ScannedRecord
  extends Pick<RecordHead, "name" | "encoding" | "base" | "length" | "payloadLength"> {
  offset: number;
  /** What was read, and where in it the payload begins: who keeps it keeps megabytes. */
  readonly buffer: Buffer;
  readonly payloadAt: number;
}

/** What was found up to `end`. */
export interface ScanPiece {
  records: ScannedRecord[];
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

async function* readChunks(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to; ) {
    // Fresh memory each time: the scanner keeps views of what it has not told yet.
    const target = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, to - at));
    const bytes = await file.read(target, at);
    if (bytes === 0) return;
    yield target.subarray(0, bytes);
    at += bytes;
  }
}

function addEvent(piece: ScanPiece, event: ScanEvent): void {
  if (event.type === "record") {
    const { offset, buffer, at } = event;
    const { name, encoding, base, length, payloadLength, headSize } = event.head;
    const payloadAt = at + headSize;
    piece.records.push({ offset, name, encoding, base, length, payloadLength, buffer, payloadAt });
    piece.end = offset + event.size;
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
  const file = await place.fs.open(path, "read");
  try {
    const start = Math.max(extent.from, PACK_HEADER_BYTES);
    const scanner = new PackScanner({
      n: place.nameLength,
      kind,
      start,
      unsyncedEnd: extent.unsyncedEnd ?? false,
    });
    let piece: ScanPiece = { records: [], damaged: [], end: start };
    for await (const chunk of readChunks(file, start, extent.to)) {
      for (const event of scanner.push(chunk)) {
        if (piece.records.length >= PIECE_RECORDS) {
          yield piece;
          piece = { records: [], damaged: [], end: piece.end };
        }
        addEvent(piece, event);
      }
    }
    for (const event of scanner.finish()) addEvent(piece, event);
    yield piece;
  } finally {
    await file.close();
  }
}
