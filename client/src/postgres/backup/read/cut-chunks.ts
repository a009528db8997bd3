/** The chunks that were cut of rows: named, with a probable base for each, and summed up. */
import type { SlabPacker } from "../../../ingest/slab-packer.ts";
import { chunkName, type KeyBases, type PreviousChunks } from "./key-bases.ts";
import { keyValues } from "./key-values.ts";
import type { RowScanner } from "./row-scanner.ts";
import type { Segment, SegmentRecorder } from "./segments.ts";

/** Some chunks in order. */
export interface ChunkRun {
  names: Buffer[];
  lengths: number[];
  /** For each chunk the upper 16 bits of the hash that ended it; 0 where its length did, or the end of the rows. */
  marks: number[];
}

/** Who gathers the sums of the rows, and where in a row the values of the key are, in the key's order. */
export interface RowSums {
  recorder: SegmentRecorder;
  key: readonly number[];
}

interface CutChunksOptions {
  /** What the chunks may be encoded against. */
  bases: KeyBases | undefined;
  /** Has the sums of the rows. */
  scanner: RowScanner | null;
  sums: RowSums | null;
}

export class CutChunks {
  /** Whether all rows of the chunk under way were summed up. */
  isSummed = true;
  private readonly packer: SlabPacker;
  private readonly bases: KeyBases | undefined;
  private readonly scanner: RowScanner | null;
  private readonly sums: RowSums | null;
  private run: ChunkRun = { names: [], lengths: [], marks: [] };

  constructor(packer: SlabPacker, { bases, scanner, sums }: CutChunksOptions) {
    this.packer = packer;
    this.bases = bases;
    this.scanner = scanner;
    this.sums = sums;
  }

  /** The next `size` bytes of the packer. `last`: bytes of its last row, where that ends it. */
  add(size: number, mark: number, last: number): void {
    const { run, packer } = this;
    if (this.sums !== null) this.sumUp(this.sums, size, packer.position + size, last);
    const name = packer.add(packer.position + size);
    const base = this.bases?.base(name, mark);
    if (base !== undefined) packer.hint(base);
    run.names.push(name);
    run.lengths.push(size);
    run.marks.push(mark);
  }

  /** Those of the previous backup from `first` on that are the rows of `segment`, which begin behind `after`. */
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
    this.sums?.recorder.keep(segment, after);
  }

  /** What was cut and not taken yet. */
  take(): ChunkRun {
    const taken = this.run;
    this.run = { names: [], lengths: [], marks: [] };
    return taken;
  }

  /** How many chunks take() would give. */
  get waiting(): number {
    return this.run.lengths.length;
  }

  private sumUp({ recorder, key }: RowSums, size: number, end: number, last: number): void {
    const { wasm } = this.scanner!;
    const rows = wasm.summedRows();
    const sum = wasm.takeSum();
    recorder.chunk(size, rows, this.isSummed ? sum : null);
    this.isSummed = true;
    if (last > 0 && recorder.isFull) recorder.end(keyValues(this.packer.view, end - last, end, key));
  }
}
