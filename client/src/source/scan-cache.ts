/**
 * The scan cache: what tells that a file did not change. A stream of blocks, one per directory in walk order:
 *
 * | size | meaning |
 * |---|---|
 * | `bytes` | path from the backup's root |
 * | `bytes` | entries: `bytes` name, varint ctime in ns (0: do not trust), varint inode, varint device |
 *
 * Entries that are not directories, in name order.
 */
import { ByteReader, ByteWriter } from "@datadb/protocol";
import type { EntryStat } from "../native/native.ts";
import { ctimeOf } from "./entry-stat.ts";

/** A change this soon after another may leave the same ctime: of file systems with fine and with coarse time stamps. */
const FINE_TICK_MS = 50;
const COARSE_TICK_MS = 2000;

/** Compares a directory's entries with its old block while it writes the new one. */
export class CacheBlock {
  private readonly writer = new ByteWriter(4096);
  private readonly old: ByteReader | null;
  private oldName: string | null = null;
  private oldFrom = 0;
  private readonly oldBytes: Buffer;
  private readonly entry = new ByteWriter(512);
  /** Milliseconds: what changed later than a moment before cannot be trusted next time. */
  private readonly now: number;

  constructor(old: Buffer | undefined, now: number) {
    this.oldBytes = old ?? Buffer.alloc(0);
    this.old = old === undefined ? null : new ByteReader(old);
    this.now = now;
    this.nextOld();
  }

  private nextOld(): void {
    const { old } = this;
    if (old === null || old.done) {
      this.oldName = null;
      return;
    }
    this.oldFrom = old.offset;
    this.oldName = old.bytes().toString("latin1");
    old.varintBig();
    old.varintBig();
    old.varintBig();
  }

  /** Names must come in order. True when the old block knows this very state of the file. */
  isUnchanged(name: string, stat: EntryStat): boolean {
    while (this.oldName !== null && this.oldName < name) this.nextOld();
    // Some file systems have no ctime: 0 says nothing there either.
    if (this.oldName !== name || ctimeOf(stat) === 0n) return false;
    writeEntry(this.entry, name, ctimeOf(stat), stat);
    return this.entry.finish().equals(this.oldBytes.subarray(this.oldFrom, this.old!.offset));
  }

  /** Adds an entry; `trusted` false when its content may not be what the stat says. */
  add(name: string, stat: EntryStat, trusted: boolean): void {
    const tick = stat.ctimeNanos % 1_000_000 === 0 ? COARSE_TICK_MS : FINE_TICK_MS;
    const old = stat.ctimeSeconds * 1000 + stat.ctimeNanos / 1e6 < this.now - tick;
    writeEntry(this.writer, name, trusted && old ? ctimeOf(stat) : 0n, stat);
  }

  finish(): Buffer {
    return this.writer.finish();
  }
}

function writeEntry(writer: ByteWriter, name: string, ctime: bigint, stat: EntryStat): void {
  writer.bytes(Buffer.from(name, "latin1"));
  writer.varint(ctime);
  writer.varint((BigInt(stat.inodeHigh) << 32n) | BigInt(stat.inodeLow));
  writer.varint(stat.deviceMajor * 0x10_0000 + stat.deviceMinor);
}

/** The same block with one entry that is not to be trusted: it changed while it was read. */
export function distrust(block: Buffer, name: string): Buffer {
  const reader = new ByteReader(block);
  const writer = new ByteWriter(block.length);
  while (!reader.done) {
    const entry = reader.bytes();
    const ctime = reader.varintBig();
    writer.bytes(entry);
    writer.varint(entry.toString("latin1") === name ? 0n : ctime);
    writer.varint(reader.varintBig());
    writer.varint(reader.varintBig());
  }
  return writer.finish();
}
