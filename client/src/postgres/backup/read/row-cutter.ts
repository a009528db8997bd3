/** Cuts rows into chunks: after rows whose key's hash says so, never inside one. */
import type { SlabPacker } from "../../../ingest/slab-packer.ts";
import { chunkName, type KeyBases, type PreviousChunks } from "./key-bases.ts";
import type { KeyHash } from "./key-hash.ts";
import { keyValues } from "./key-values.ts";
import type { RowScanner } from "./row-scanner.ts";
import type { Segment, SegmentRecorder } from "./segments.ts";
import { isDecided, MAX_CHUNK_BYTES, thresholdFor } from "./threshold.ts";

/** Some chunks in order. */
export interface ChunkRun {
  names: Buffer[];
  lengths: number[];
  /** For each chunk the upper 16 bits of the hash that ended it; 0 where its length did, or the end of the rows. */
  marks: number[];
}

/** What takes rows one after another, each of known length. */
export interface RowSink {
  /** Begins a row of `length` bytes; false when room() must be awaited before. */
  begin(length: number): boolean;
  /** Resolves when the row can begin, or the one that has begun can go on. */
  room(): Promise<void>;
  /** The next bytes of the row: how many were taken; none when room() must be awaited first. */
  write(source: Buffer, from: number, to: number): number;
  /**
   * Between two rows: takes messages of rows, from the first byte of a message on, as far as it can take whole ones without begin()
   * and write(). How many bytes it took.
   */
  take(source: Buffer, from: number, to: number): number;
  /** Taken so far. */
  readonly bytes: number;
}

/** Room for the next row, and for a chunk that began in the slab before. */
const ROOM_BYTES = 2 * MAX_CHUNK_BYTES;

/** Bytes before a row: type and length of its message. */
const HEADER_BYTES = 5;

interface RowCutterOptions {
  bases?: KeyBases | undefined;
  flushed?: () => void;
  scanner?: RowScanner | null;
  sums?: RowSums | null;
}

/** Who gathers the sums of the rows, and where in a row the values of the key are, in the key's order. */
export interface RowSums {
  recorder: SegmentRecorder;
  key: readonly number[];
}

/** The packer is this cutter's alone until finish: rows are written where they are hashed. */
export class RowCutter implements RowSink {
  rows = 0;
  bytes = 0;
  /** Given, or (0) decided from the first rows: the same for the same rows. */
  threshold: number;
  private readonly packer: SlabPacker;
  private readonly hash: KeyHash;
  private run: ChunkRun = { names: [], lengths: [], marks: [] };
  /** Bytes of whole rows behind packer.position that are in no chunk yet; pieces of a long row as well. */
  private begun = 0;
  /** The row under way: its length, what of it is there, and whether it is too long for a chunk. */
  private length = 0;
  private filled = 0;
  private huge = false;
  /** While there is no threshold: ends of rows behind packer.position, and their hashes. */
  private waiting: { end: number; hash: number }[] = [];
  private readonly sums: RowSums | null;
  /** Whether a row of the chunk under way could not be summed up. */
  private unsummed = false;
  private readonly bases: KeyBases | undefined;
  private readonly flushed: () => void;
  private readonly scanner: RowScanner | null;

  /**
   * `bases`: what the chunks may be encoded against. `flushed` is called when all chunks of the run are on their way. `scanner`: knows the
   * same hash, for rows that come where it can read them. `sums`: only with a scanner that sums up.
   */
  constructor(
    packer: SlabPacker,
    hash: KeyHash,
    threshold: number,
    { bases, flushed = () => {}, scanner = null, sums = null }: RowCutterOptions = {},
  ) {
    this.packer = packer;
    this.hash = hash;
    this.threshold = threshold;
    this.bases = bases;
    this.flushed = flushed;
    this.scanner = scanner;
    this.sums = sums;
  }

  begin(length: number): boolean {
    this.length = length;
    this.filled = 0;
    this.huge = length > MAX_CHUNK_BYTES;
    // A long row may be cut inside, and is alone in its chunks: they are the same wherever it comes.
    if (this.huge || this.begun + length > MAX_CHUNK_BYTES) this.finish();
    return this.huge || this.packer.free >= this.begun + length;
  }

  async room(): Promise<void> {
    const { packer } = this;
    const there = this.huge ? this.begun : this.begun + this.filled;
    if (packer.free >= there + MAX_CHUNK_BYTES) return;
    const kept = Buffer.from(packer.view.subarray(packer.position, packer.position + there));
    packer.flush();
    this.flushed();
    await packer.ensure(ROOM_BYTES);
    kept.copy(packer.view, packer.position);
  }

  write(source: Buffer, from: number, to: number): number {
    if (this.huge) return this.writePiece(source, from, to);
    source.copy(this.packer.view, this.packer.position + this.begun + this.filled, from, to);
    this.filled += to - from;
    this.bytes += to - from;
    if (this.filled === this.length) this.endRow();
    return to - from;
  }

  take(source: Buffer, from: number, to: number): number {
    const { packer, scanner, threshold } = this;
    if (scanner === null || threshold === 0 || source.buffer !== packer.view.buffer) return 0;
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

  /** Whether the next row begins a chunk, whatever it is. */
  get isBetweenChunks(): boolean {
    return this.begun === 0 && this.threshold !== 0;
  }

  /** Between two chunks: those of the previous backup from `first` on that are the rows of `segment`, which begin behind `after`. */
  keep(previous: PreviousChunks, first: number, segment: Segment, after: readonly string[] | null): void {
    const { run } = this;
    for (let i = first; i < first + segment.chunks; i++) {
      const name = chunkName(previous, i);
      const mark = previous.marks[i]!;
      this.bases?.base(name, mark);
      run.names.push(name);
      run.lengths.push(previous.lengths[i]!);
      run.marks.push(mark);
    }
    this.rows += segment.rows;
    this.bytes += segment.bytes;
    this.sums?.recorder.keep(segment, after);
  }

  /** Ends the chunk under way; at the end of the rows, all is in takeRun then. */
  finish(): void {
    if (this.threshold === 0) this.decide();
    if (this.begun > 0) this.add(this.begun, 0);
  }

  /** What was cut and not taken yet. */
  takeRun(): ChunkRun {
    const taken = this.run;
    this.run = { names: [], lengths: [], marks: [] };
    return taken;
  }

  /** Chunks in the run. */
  get waitingChunks(): number {
    return this.run.lengths.length;
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
    this.unsummed = true;
    if (whole || this.begun === MAX_CHUNK_BYTES) this.add(this.begun, 0);
    return size;
  }

  private endRow(): void {
    this.rows++;
    const at = this.packer.position + this.begun;
    const found = this.hash(this.packer.view, at, at + this.length);
    this.begun += this.length;
    this.filled = 0;
    if (this.threshold === 0) {
      this.waiting.push({ end: this.begun, hash: found });
      if (isDecided(this.begun, this.waiting.length)) this.decide();
    } else {
      if (this.sums !== null) this.scanner?.wasm.addRow(at, at + this.length);
      if ((found & (this.threshold - 1)) === 0) this.add(this.begun, found >>> 16, this.length);
    }
  }

  private decide(): void {
    const { waiting } = this;
    this.threshold = thresholdFor(this.begun, waiting.length);
    this.waiting = [];
    const base = this.packer.position;
    let cut = 0;
    let from = 0;
    for (const { end, hash } of waiting) {
      if (this.sums !== null) this.scanner?.wasm.addRow(base + from, base + end);
      const length = end - from;
      from = end;
      if ((hash & (this.threshold - 1)) !== 0) continue;
      this.add(end - cut, hash >>> 16, length);
      cut = end;
    }
  }

  /** `last`: bytes of its last row, where that ends it. */
  private add(size: number, mark: number, last = 0): void {
    const { run, packer } = this;
    if (this.sums !== null) this.sumUp(this.sums, size, packer.position + size, last);
    const name = packer.add(packer.position + size);
    const base = this.bases?.base(name, mark);
    if (base !== undefined) packer.hint(base);
    run.names.push(name);
    run.lengths.push(size);
    run.marks.push(mark);
    this.begun -= size;
    if (this.begun === 0) packer.rewind();
  }

  private sumUp({ recorder, key }: RowSums, size: number, end: number, last: number): void {
    const { wasm } = this.scanner!;
    const rows = wasm.summedRows();
    const sum = wasm.takeSum();
    recorder.chunk(size, rows, this.unsummed ? null : sum);
    this.unsummed = false;
    if (last > 0 && recorder.isFull) recorder.end(keyValues(this.packer.view, end - last, end, key));
  }
}
