/** Puts the chunks of one table together, in the order of its rows, from ranges that are read in any order. */
import { type HashAlgorithm, hashLength, ListBuilder, type StreamRef } from "@datadb/protocol";
import type { EmitWithBase } from "../../../ingest/node-collector.ts";
import type { RowRange } from "./copy-query.ts";
import type { RowsOutcome, RowsPart } from "./rows-unit.ts";
import type { Segment } from "./segments.ts";

export interface TableContent {
  ref: StreamRef;
  rows: number;
  bytes: number;
  threshold: number;
  seconds: number;
  marks: Uint16Array;
  /** Null where no row was summed up. */
  segments: Segment[] | null;
  /** Bytes that were not read, since they had not changed. */
  kept: number;
}

/** Which previous node a new one probably resembles; undefined when nothing is known. */
export type NodeBase = (name: Buffer, content: Buffer) => Buffer | undefined;

export interface TableAssembly {
  part(range: number, part: RowsPart): void;
  /** The range is read; its parts came before. */
  done(range: number, outcome: RowsOutcome): void;
  finish(): TableContent;
}

/** Parts of the range at hand go to the list at once; those of later ranges wait. */
export function assembleTable(
  hash: HashAlgorithm,
  ranges: readonly RowRange[],
  emit: EmitWithBase,
  base: NodeBase,
): TableAssembly {
  const n = hashLength(hash);
  const list = new ListBuilder(hash, (name, content) => emit(name, content, base(name, content)));
  const waiting: RowsPart[][] = ranges.map(() => []);
  const isDone: boolean[] = ranges.map(() => false);
  const chunks: number[] = ranges.map(() => 0);
  const segments: Segment[][] = ranges.map(() => []);
  const marks: Uint16Array[] = [];
  let at = 0;
  let rows = 0;
  let seconds = 0;
  let threshold = 0;
  let kept = 0;
  let summed = false;

  function take({ names, lengths, marks: own }: RowsPart): void {
    const bytes = Buffer.from(names.buffer, names.byteOffset, names.byteLength);
    for (const [i, length] of lengths.entries())
      list.add({ name: bytes.subarray(i * n, (i + 1) * n), length });
    marks.push(own);
  }

  function advance(): void {
    while (at < ranges.length) {
      for (const part of waiting[at]!.splice(0)) take(part);
      if (!isDone[at]) return;
      at++;
    }
  }

  return {
    part(range, part) {
      waiting[range]!.push(part);
      chunks[range]! += part.lengths.length;
      advance();
    },
    done(range, outcome) {
      isDone[range] = true;
      rows += outcome.rows;
      seconds += outcome.seconds;
      threshold ||= outcome.threshold;
      kept += outcome.kept;
      summed ||= outcome.segments !== null;
      segments[range] = outcome.segments ?? [unsummed(outcome, chunks[range]!, ranges[range]!)];
      advance();
    },
    finish() {
      const { ref, bytes } = list.finish();
      const all = summed ? segments.flat() : null;
      return { ref, rows, bytes, threshold, seconds, marks: joined(marks), segments: all, kept };
    },
  };
}

/** A range that was read without sums, as one segment. */
function unsummed({ rows, bytes }: RowsOutcome, chunks: number, { upTo }: RowRange): Segment {
  return { chunks, rows, bytes, sum: null, upTo };
}

function joined(parts: readonly Uint16Array[]): Uint16Array {
  const all = new Uint16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
