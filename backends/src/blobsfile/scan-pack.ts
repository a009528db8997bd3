/** Reads a pack from one end to the other and tells what is really there. */
import {
  DecodeError,
  decodeRecord,
  decodeRecordHead,
  isRecordIntact,
  PACK_HEADER_BYTES,
  RECORD_FIXED_BYTES,
  RECORD_MAGIC,
  type RecordHead,
  type RecordKind,
} from "@datadb/protocol";
import type { DamagedRange } from "../backend.ts";
import type { FileHandle } from "../file-system.ts";
import { createPackWindow, type PackWindow } from "./pack-window.ts";
import type { Place } from "./shelf.ts";

/** Records in one piece: bounds memory, whatever the pack holds. */
const PIECE_RECORDS = 4096;

/** A valid record, checksum included; `name` and `base` are copies. */
export interface ScannedRecord
  extends Pick<RecordHead, "name" | "encoding" | "base" | "length" | "payloadLength"> {
  offset: number;
}

/** What was found up to `end`. */
export interface ScanPiece {
  records: ScannedRecord[];
  damaged: DamagedRange[];
  /** Everything before it was looked at; when torn, where the tail begins. */
  end: number;
  /** Where the torn tail begins; only in the last piece. */
  torn?: number;
}

/** What to scan, in bytes; `to` beyond the end means the end. */
export interface ScanExtent {
  from: number;
  to: number;
  /**
   * A record that claims to reach beyond the end makes everything from it on a torn tail. Without it, valid records are searched
   * for behind it: right for packs whose bytes are durable, where only damage of its length can explain the claim.
   */
  endsTorn?: boolean;
}

interface Scan {
  window: PackWindow;
  kind: RecordKind;
  nameLength: number;
  endsTorn: boolean;
}

function headAt(scan: Scan, bytes: Buffer): RecordHead | null {
  try {
    const head = decodeRecordHead(bytes, 0, scan.nameLength);
    return head.kind === scan.kind ? head : null;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** The head of the record at `offset`; null when none of this kind begins there. */
async function readHead(scan: Scan, offset: number): Promise<RecordHead | null> {
  const most = RECORD_FIXED_BYTES + 2 * scan.nameLength;
  return headAt(scan, scan.window.view(offset, most) ?? (await scan.window.load(offset, most)));
}

/** The whole record at `offset`, its checksum verified; null when there is none. */
async function readRecord(scan: Scan, offset: number): Promise<RecordHead | null> {
  const { window } = scan;
  const head = await readHead(scan, offset);
  if (head === null || offset + head.size > window.end) return null;
  const bytes = window.view(offset, head.size) ?? (await window.load(offset, head.size));
  return isRecordIntact(bytes, 0, head.size) ? head : null;
}

/** Throws FORMAT_TOO_NEW when what looks like damage is a record of a newer datadb. */
async function refuseNewer(scan: Scan, offset: number): Promise<void> {
  const fixed = await scan.window.load(offset, RECORD_FIXED_BYTES);
  if (fixed.length < RECORD_FIXED_BYTES || !fixed.subarray(0, 4).equals(RECORD_MAGIC)) return;
  const claimed = RECORD_FIXED_BYTES + scan.nameLength + fixed[7]! + fixed.readUInt32LE(12) + 4;
  if (offset + claimed > scan.window.end) return;
  try {
    decodeRecord(await scan.window.load(offset, claimed), 0, scan.nameLength);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

/** The next valid record after a bad one at `offset`; null when there is none up to the end. */
async function resync(scan: Scan, offset: number): Promise<number | null> {
  const { window } = scan;
  const head = await readHead(scan, offset);
  if (head !== null && offset + head.size > window.end && scan.endsTorn) return null;
  // Where the bad record claims to end comes first: its payload may hold records that are content, copies of other packs.
  if (
    head !== null &&
    offset + head.size < window.end &&
    (await readRecord(scan, offset + head.size)) !== null
  ) {
    return offset + head.size;
  }
  for (let at = offset + 1; at + RECORD_FIXED_BYTES < window.end; ) {
    const bytes = await window.load(at, RECORD_MAGIC.length);
    const more = window.view(at, Math.min(window.end - at, 1024 * 1024)) ?? bytes;
    const found = more.indexOf(RECORD_MAGIC);
    if (found === -1) {
      at += more.length - RECORD_MAGIC.length + 1;
      continue;
    }
    if ((await readRecord(scan, at + found)) !== null) return at + found;
    at += found + 1;
  }
  return null;
}

function scanned(offset: number, head: RecordHead): ScannedRecord {
  const { name, encoding, base, length, payloadLength } = head;
  const ownBase = base === null ? null : Buffer.from(base);
  return { offset, name: Buffer.from(name), encoding, base: ownBase, length, payloadLength };
}

async function* scanWindow(scan: Scan, from: number): AsyncGenerator<ScanPiece> {
  const { window } = scan;
  let piece: ScanPiece = { records: [], damaged: [], end: from };
  for (let at = from; at < window.end; piece.end = at) {
    if (piece.records.length >= PIECE_RECORDS) {
      yield piece;
      piece = { records: [], damaged: [], end: at };
    }
    const head = await readRecord(scan, at);
    if (head !== null) {
      piece.records.push(scanned(at, head));
      at += head.size;
      continue;
    }
    await refuseNewer(scan, at);
    const next = await resync(scan, at);
    if (next === null) {
      piece.torn = at;
      break;
    }
    piece.damaged.push({ from: at, to: next });
    at = next;
  }
  yield piece;
}

/** Pieces of a pack, in order, at least one. Errors: the system's, and FORMAT_TOO_NEW. */
export async function* scanPack(
  place: Place,
  kind: RecordKind,
  path: string,
  extent: ScanExtent,
): AsyncGenerator<ScanPiece> {
  const file: FileHandle = await place.fs.open(path, "read");
  try {
    const size = (await place.fs.stat(path))?.size ?? 0;
    const { nameLength } = place;
    const window = createPackWindow(file, Math.min(size, extent.to));
    const scan: Scan = { window, kind, nameLength, endsTorn: extent.endsTorn ?? false };
    yield* scanWindow(scan, Math.max(extent.from, PACK_HEADER_BYTES));
  } finally {
    await file.close();
  }
}
