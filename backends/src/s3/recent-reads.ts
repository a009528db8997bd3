/** What was read from the bucket last, in memory: who lists a pack, or reads over a gap in it, mostly asks for what lies there next. */

import type { Part } from "./read-pack.ts";

/** Bytes of all of it. */
const MAX_BYTES = 48 * 1024 * 1024;

interface Piece {
  readonly name: string;
  /** Where it begins in its pack. */
  readonly from: number;
  readonly bytes: Buffer;
  /** It is all of the pack. */
  readonly whole: boolean;
  /** When it was read (performance.now). */
  readonly at: number;
}

export interface RecentReads {
  /** Bytes of a pack from `from` to `to`, excluded, if one reading brought them all. */
  get(name: string, from: number, to: number): Buffer | undefined;
  /** All that is there of a pack, least recently used first. */
  parts(name: string): Part[];
  /** All of a pack, if one reading brought it less than so many milliseconds ago. */
  whole(name: string, age: number): Buffer | undefined;
  /** `size`: bytes of the pack. */
  add(name: string, from: number, bytes: Buffer, size: number): void;
  drop(names: readonly string[]): void;
}

/** The least recently used go first; what is larger than all room is not kept. */
export function createRecentReads(): RecentReads {
  let pieces: Piece[] = [];
  let total = 0;
  const keep = (kept: Piece[]): void => {
    pieces = kept;
    total = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
  };
  return {
    get(name, from, to) {
      const covers = (piece: Piece): boolean =>
        piece.name === name && piece.from <= from && piece.from + piece.bytes.length >= to;
      const at = pieces.findLastIndex(covers);
      const found = pieces[at];
      if (found === undefined) return undefined;
      pieces.splice(at, 1);
      pieces.push(found);
      return found.bytes.subarray(from - found.from, to - found.from);
    },
    parts: (name) =>
      pieces
        .filter((piece) => piece.name === name)
        .map(({ from, bytes }) => ({ from, to: from + bytes.length, bytes: Promise.resolve(bytes) })),
    whole(name, age) {
      const since = performance.now() - age;
      return pieces.find((piece) => piece.name === name && piece.whole && piece.at > since)?.bytes;
    },
    add(name, from, bytes, size) {
      if (bytes.length > MAX_BYTES) return;
      pieces.push({ name, from, bytes, whole: bytes.length === size, at: performance.now() });
      total += bytes.length;
      while (total > MAX_BYTES) total -= pieces.shift()?.bytes.length ?? total;
    },
    drop: (names) => keep(pieces.filter(({ name }) => !names.includes(name))),
  };
}
