/** Finds the records of a pack by reading it, past damage: for rebuilding an index, for checks, and after a crash. */
import { DecodeError } from "./errors.ts";
import type { RecordKind } from "./kinds.ts";
import { PACK_HEADER_BYTES } from "./pack-header.ts";
import {
  decodeRecord,
  decodeRecordHead,
  isRecordIntact,
  RECORD_FIXED_BYTES,
  RECORD_MAGIC,
  type RecordHead,
} from "./record.ts";

/** What a scan finds, in order of offset. All offsets are bytes from the start of the pack. */
export type ScanEvent =
  /** A record whose checksum is right; `head`'s buffers are copies, or views when they are `wanted`. It lies in `buffer`, at `at`. */
  | { type: "record"; offset: number; size: number; head: RecordHead; buffer: Buffer; at: number }
  /** Bytes that are no record, with an intact record after them; `to` is excluded. */
  | { type: "damage"; from: number; to: number }
  /** Bytes up to the pack's end that are no record: a torn write, or damage when they were durable. */
  | { type: "torn"; from: number };

/** What a scan needs to know. */
export interface ScanOptions {
  /** Length of a name. */
  n: number;
  /** Kind of the pack's records; others are damage. */
  kind: RecordKind;
  /** Where the first pushed byte is in the pack; 64, after the header, when absent. */
  start?: number;
  /**
   * The end was not synced: a record that claims to reach beyond it was cut there, and is not searched for records inside. Without
   * it only damage explains such a claim, and what follows is searched.
   */
  unsyncedEnd?: boolean;
  /** Whether the record that begins there is to be told; without it all are. Who uses it takes views. */
  wanted?(offset: number): boolean;
}

/**
 * Feed a pack's bytes in order with `push`, then `finish`. Holds at most two records and one pushed buffer. After a bad record the
 * place where it claims to end is tried before every magic: its payload may be content that looks like records, a copy of a pack.
 */
export class PackScanner {
  private readonly options: ScanOptions;
  private parts: Buffer[] = [];
  private buffered = 0;
  /** Bytes that must be buffered before looking again is of use. */
  private needed: number;
  /** Offset in the pack of the first buffered byte. */
  private offset: number;
  private damagedFrom: number | undefined;
  private ended = false;

  constructor(options: ScanOptions) {
    this.options = options;
    this.offset = options.start ?? PACK_HEADER_BYTES;
    this.needed = this.headBytes();
  }

  private headBytes(): number {
    return RECORD_FIXED_BYTES + 2 * this.options.n;
  }

  /** What these bytes complete. `bytes` must not change before the next call. Throws FORMAT_TOO_NEW. */
  push(bytes: Buffer): ScanEvent[] {
    this.parts.push(bytes);
    this.buffered += bytes.length;
    return this.buffered < this.needed ? [] : this.drain();
  }

  /** What is left at the pack's end. */
  finish(): ScanEvent[] {
    this.ended = true;
    const events = this.drain();
    const from = this.damagedFrom ?? (this.buffered > 0 ? this.offset : undefined);
    if (from !== undefined) events.push({ type: "torn", from });
    return events;
  }

  private drain(): ScanEvent[] {
    const buffer = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
    const events: ScanEvent[] = [];
    this.needed = this.headBytes();
    let at = 0;
    while (at < buffer.length) {
      const found = this.look(buffer, at);
      if (found === "wait") break;
      if (typeof found === "number") {
        this.damagedFrom ??= this.offset + at;
        at += found;
        continue;
      }
      if (found === undefined) {
        this.damagedFrom ??= this.offset + at;
        at = this.nextCandidate(buffer, at + 1);
        continue;
      }
      const offset = this.offset + at;
      if (this.damagedFrom !== undefined) events.push({ type: "damage", from: this.damagedFrom, to: offset });
      this.damagedFrom = undefined;
      const { wanted } = this.options;
      if (wanted === undefined || wanted(offset)) {
        const head = wanted === undefined ? ownHead(found) : found;
        events.push({ type: "record", offset, size: found.size, head, buffer, at });
      }
      at += found.size;
    }
    this.keep(buffer, at);
    return events;
  }

  /**
   * The intact record at `at`; undefined when there is none, a number of bad bytes to pass over, "wait" when more bytes are needed
   * to tell.
   */
  private look(buffer: Buffer, at: number): RecordHead | "wait" | number | undefined {
    const head = this.intactAt(buffer, at);
    if (typeof head !== "object" || !("bad" in head)) return head;
    // What looks like a head within bad bytes is believed only when its record is intact.
    if (this.damagedFrom !== undefined) return undefined;
    const { size } = head.bad;
    const left = buffer.length - at;
    if (this.ended && size >= left)
      return size === left || this.options.unsyncedEnd === true ? left : undefined;
    const next = this.intactAt(buffer, at + size);
    if (next !== "wait") return next !== undefined && !("bad" in next) ? size : undefined;
    this.needed += size;
    return "wait";
  }

  /** The record at `at`, or its head as `bad` when that is plausible and the record is not intact. */
  private intactAt(buffer: Buffer, at: number): RecordHead | { bad: RecordHead } | "wait" | undefined {
    const { n, kind } = this.options;
    const left = buffer.length - at;
    if (buffer.compare(RECORD_MAGIC, 0, Math.min(4, left), at, at + Math.min(4, left)) !== 0)
      return undefined;
    if (left < this.headBytes() && !this.ended) return "wait";
    let head: RecordHead;
    try {
      head = decodeRecordHead(buffer, at, n);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throwIfNewer(buffer, at, n);
      return undefined;
    }
    if (head.kind !== kind) return undefined;
    if (head.size > left && !this.ended) {
      this.needed = head.size;
      return "wait";
    }
    return isRecordIntact(buffer, at, head.size) ? head : { bad: head };
  }

  /** Where the magic is next, or may begin in the buffer's last bytes. */
  private nextCandidate(buffer: Buffer, from: number): number {
    const next = buffer.indexOf(RECORD_MAGIC, from);
    return next >= 0 ? next : Math.max(from, this.ended ? buffer.length : buffer.length - 3);
  }

  private keep(buffer: Buffer, at: number): void {
    const rest = buffer.subarray(at);
    this.parts = rest.length === 0 ? [] : [rest];
    this.buffered = rest.length;
    this.offset += buffer.length - rest.length;
  }
}

/** decodeRecord tells an unknown record with a right checksum from damage. */
function throwIfNewer(buffer: Buffer, at: number, n: number): void {
  try {
    decodeRecord(buffer, at, n);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

function ownHead(head: RecordHead): RecordHead {
  return { ...head, name: Buffer.from(head.name), base: head.base === null ? null : Buffer.from(head.base) };
}

/** Scans a whole pack from buffers read in order. */
export async function* scanRecords(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  options: ScanOptions,
): AsyncGenerator<ScanEvent> {
  const scanner = new PackScanner(options);
  for await (const chunk of chunks) yield* scanner.push(chunk);
  yield* scanner.finish();
}
