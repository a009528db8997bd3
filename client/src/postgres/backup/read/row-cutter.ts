/** Cuts rows into chunks: after rows whose key's hash says so, never inside one. */
import type { SlabPacker } from "../../../ingest/slab-packer.ts";
import { type ChunkRun, CutChunks, type RowSums } from "./cut-chunks.ts";
import { HeldRows } from "./held-rows.ts";
import type { KeyBases, PreviousChunks } from "./key-bases.ts";
import type { KeyHash } from "./key-hash.ts";
import type { RowScanner } from "./row-scanner.ts";
import { HEADER_BYTES, type RowSink } from "./row-sink.ts";
import type { Segment } from "./segments.ts";
import { sortRows } from "./sort-rows.ts";
import { DECIDING_BYTES, DECIDING_ROWS, DecidingRows, MAX_CHUNK_BYTES } from "./threshold.ts";

/** Room for the next row, and for a chunk that began in the slab before. */
const ROOM_BYTES = 2 * MAX_CHUNK_BYTES;

/** More than any rows are. */
const ALL = 0xffff_ffff;

interface RowCutterOptions {
  /** What the previous backup decided. */
  thresholdBefore?: number;
  bases?: KeyBases | undefined;
  flushed?: () => void;
  scanner?: RowScanner | null;
  sums?: RowSums | null;
  /** Rows come as they lie: they are gathered, and cut in the order of their first field, which is a whole number. With a scanner. */
  sorts?: boolean;
}

/** The packer is this cutter's alone until finish: rows are written where they are hashed. */
export class RowCutter implements RowSink {
  rows = 0;
  bytes = 0;
  /** Given, or (0) decided from the first rows: the same for the same rows. */
  threshold: number;
  private readonly thresholdBefore: number;
  private readonly deciding = new DecidingRows();
  /** Null unless too much came before the threshold was decided. */
  private held: HeldRows | null = null;
  private readonly packer: SlabPacker;
  private readonly hash: KeyHash;
  private readonly chunks: CutChunks;
  /** Bytes of whole rows behind packer.position that are in no chunk yet; pieces of a long row as well. */
  private begun = 0;
  /** The row under way: its length, what of it is there, and whether it is too long for a chunk. */
  private length = 0;
  private filled = 0;
  private huge = false;
  /** Where rows behind packer.position end that were not looked at, while there is no threshold; only without a scanner. */
  private ends: number[] = [];
  private sorts: boolean;
  /** The rows were too many to be sorted here, and none was kept. */
  isUnsorted = false;
  isAbandoned = false;
  private readonly isSummed: boolean;
  private readonly flushed: () => void;
  private readonly scanner: RowScanner | null;

  /**
   * `bases`: what the chunks may be encoded against. `flushed` is called when all chunks of the run are on their way. `scanner`: knows the
   * same hash, for rows that come where it can read them. `sums`: only with a scanner that sums up.
   */
  constructor(packer: SlabPacker, hash: KeyHash, threshold: number, options: RowCutterOptions = {}) {
    const { bases, flushed = () => {}, scanner = null, sums = null, sorts = false } = options;
    this.thresholdBefore = options.thresholdBefore ?? 0;
    this.packer = packer;
    this.hash = hash;
    this.threshold = threshold;
    this.flushed = flushed;
    this.scanner = scanner;
    this.isSummed = sums !== null;
    this.chunks = new CutChunks(packer, { bases, scanner, sums });
    this.sorts = sorts;
  }

  begin(length: number): boolean {
    this.length = length;
    this.filled = 0;
    this.huge = length > MAX_CHUNK_BYTES;
    if (this.sorts) return this.beginUnsorted();
    if (this.held !== null) return this.held.begin(length) || this.decide();
    // A long row may be cut inside, and is alone in its chunks: they are the same wherever it comes.
    if (this.huge || this.begun + length > MAX_CHUNK_BYTES) {
      if (this.threshold === 0 && this.begun > 0) return this.hold().begin(length) || this.decide();
      if (this.threshold === 0 && this.deciding.add(length)) this.decide();
      if (this.begun > 0) this.add(this.begun, 0);
    }
    return this.huge || this.packer.free >= this.begun + length;
  }

  /** What was gathered is taken back: it comes again. */
  private hold(): HeldRows {
    const { packer, begun } = this;
    const bytes = packer.view.subarray(packer.position, packer.position + begun);
    this.held = new HeldRows(this.deciding, bytes, this.scanner === null ? this.ends : null);
    this.rows -= this.held.count;
    this.bytes -= begun;
    this.begun = 0;
    this.ends = [];
    return this.held;
  }

  end(): boolean {
    return this.held === null || this.decide();
  }

  abandon(): void {
    this.isAbandoned = true;
  }

  /** False: what is held waits for room(). */
  private decide(): false {
    this.threshold = this.deciding.threshold(this.thresholdBefore);
    return false;
  }

  /** What cannot be sorted is dropped, row by row. */
  private beginUnsorted(): boolean {
    if (this.begun + this.length > MAX_CHUNK_BYTES) this.isUnsorted = true;
    if (this.isUnsorted) this.begun = 0;
    return this.isUnsorted || this.packer.free >= this.begun + this.length;
  }

  async room(): Promise<void> {
    const { packer, held } = this;
    this.held = null;
    if (held !== null) return await held.release(this);
    const there = this.huge ? this.begun : this.begun + this.filled;
    if (packer.free >= there + MAX_CHUNK_BYTES) return;
    const kept = Buffer.from(packer.view.subarray(packer.position, packer.position + there));
    packer.flush();
    this.flushed();
    await packer.ensure(ROOM_BYTES);
    // It may be another one's by now.
    if (this.isAbandoned) return;
    kept.copy(packer.view, packer.position);
  }

  write(source: Buffer, from: number, to: number): number {
    if (this.isUnsorted) return to - from;
    if (this.held !== null) return this.held.write(source, from, to);
    if (this.huge) return this.writePiece(source, from, to);
    source.copy(this.packer.view, this.packer.position + this.begun + this.filled, from, to);
    this.filled += to - from;
    this.bytes += to - from;
    if (this.filled === this.length) this.endRow();
    return to - from;
  }

  take(source: Buffer, from: number, to: number): number {
    const { packer, scanner } = this;
    if (scanner === null || this.isUnsorted || source.buffer !== packer.view.buffer) return 0;
    if (this.held !== null || (this.threshold === 0 && !this.sorts && this.deciding.isNearMost)) return 0;
    if (this.sorts || this.threshold === 0) return this.gather(source, from, to);
    const { threshold } = this;
    const { wasm } = scanner;
    const end = source.byteOffset + to;
    let at = source.byteOffset + from;
    for (;;) {
      const limit = packer.position + packer.free;
      const next = wasm.take(at, end, packer.position, this.begun, limit, threshold - 1);
      const rows = wasm.takenRows();
      this.rows += rows;
      this.bytes += next - at - rows * HEADER_BYTES;
      this.begun = wasm.begunBytes();
      at = next;
      if (wasm.hasEnded() === 0) return at - source.byteOffset - from;
      this.add(this.begun, wasm.lastHash() >>> 16, wasm.lastBytes());
    }
  }

  /** Of what decides, or all of it where it has to be sorted; then goes on. */
  private gather(source: Buffer, from: number, to: number): number {
    const { packer, sorts, deciding } = this;
    const { wasm } = this.scanner!;
    const [at, end] = [source.byteOffset + from, source.byteOffset + to];
    const [mostRows, mostBytes] = sorts ? [ALL, ALL] : [deciding.missingRows, deciding.missingBytes];
    const limit = packer.position + packer.free;
    const next = wasm.gather(at, end, packer.position, this.begun, limit, mostRows, mostBytes, sorts ? 1 : 0);
    const taken = wasm.takenRows();
    this.rows += taken;
    const size = next - at;
    const bytes = size - taken * HEADER_BYTES;
    this.bytes += bytes;
    this.begun = wasm.begunBytes();
    if (sorts || !deciding.addAll(taken, bytes, wasm.longRows(), wasm.longBytes())) return size;
    this.decideGathered();
    return size + this.take(source, from + size, to);
  }

  /** Whether the next row begins a chunk, whatever it is. */
  get isBetweenChunks(): boolean {
    return this.begun === 0 && this.threshold !== 0;
  }

  /** Between two chunks: those of the previous backup from `first` on that are the rows of `segment`, which begin behind `after`. */
  keep(previous: PreviousChunks, first: number, segment: Segment, after: readonly string[] | null): void {
    this.chunks.keep(previous, first, segment, after);
    this.rows += segment.rows;
    this.bytes += segment.bytes;
  }

  /** Ends the chunk under way; at the end of the rows, all is in takeRun then. */
  finish(): void {
    if (this.sorts) this.sort();
    else if (this.threshold === 0) this.decideGathered();
    if (this.begun > 0) this.add(this.begun, 0);
  }

  /** What was cut and not taken yet. */
  takeRun(): ChunkRun {
    return this.chunks.take();
  }

  /** Chunks in the run. */
  get waitingChunks(): number {
    return this.chunks.waiting;
  }

  private writePiece(source: Buffer, from: number, to: number): number {
    const { packer } = this;
    if (packer.free < MAX_CHUNK_BYTES) return 0;
    const size = Math.min(to - from, MAX_CHUNK_BYTES - this.begun, this.length - this.filled);
    source.copy(packer.view, packer.position + this.begun, from, from + size);
    this.begun += size;
    this.filled += size;
    this.bytes += size;
    const whole = this.filled === this.length;
    if (whole) this.rows++;
    this.chunks.isSummed = false;
    if (whole || this.begun === MAX_CHUNK_BYTES) this.add(this.begun, 0);
    return size;
  }

  private endRow(): void {
    this.rows++;
    const at = this.packer.position + this.begun;
    this.begun += this.length;
    this.filled = 0;
    if (this.sorts || this.threshold === 0) {
      if (this.scanner === null) this.ends.push(this.begun);
      if (this.sorts) this.scanner!.wasm.follow(at);
      else if (this.deciding.add(this.length)) this.decideGathered();
      return;
    }
    this.look(at, at + this.length);
  }

  /** At the row at [from, to), the last one of the chunk under way. */
  private look(from: number, to: number): void {
    if (this.isSummed) this.scanner?.wasm.addRow(from, to);
    const found = this.hash(this.packer.view, from, to);
    if ((found & (this.threshold - 1)) === 0) this.add(to - this.packer.position, found >>> 16, to - from);
  }

  private decideGathered(): void {
    this.decide();
    this.cutGathered();
  }

  /** As decideGathered(), with the rows that come first in their order. */
  private sort(): void {
    this.sorts = false;
    if (this.isUnsorted) return;
    const { wasm } = this.scanner!;
    const { view, position } = this.packer;
    const end = position + this.begun;
    if (wasm.isAscending() === 0) sortRows(view, position, end);
    if (this.threshold === 0) {
      const decided = wasm.upTo(position, end, DECIDING_ROWS, DECIDING_BYTES);
      this.deciding.addAll(wasm.takenRows(), decided - position, wasm.longRows(), wasm.longBytes());
      this.decide();
    }
    this.cutGathered();
  }

  private cutGathered(): void {
    const { scanner, packer, ends } = this;
    this.ends = [];
    if (scanner === null) {
      const base = packer.position;
      for (const [i, end] of ends.entries()) this.look(base + (ends[i - 1] ?? 0), base + end);
      return;
    }
    const { wasm } = scanner;
    while (this.begun > 0) {
      const next = wasm.cut(packer.position, packer.position + this.begun, this.threshold - 1);
      if (wasm.hasEnded() === 0) return;
      this.add(next - packer.position, wasm.lastHash() >>> 16, wasm.lastBytes());
    }
  }

  /** `last`: bytes of its last row, where that ends it. */
  private add(size: number, mark: number, last = 0): void {
    this.chunks.add(size, mark, last);
    this.begun -= size;
    if (this.begun === 0) this.packer.rewind();
  }
}
