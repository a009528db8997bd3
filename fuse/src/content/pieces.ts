/** Where the chunks of one stream lie: found on the way down its list, and remembered around the place that is read. */
import { type FetchNodes, type HashAlgorithm, type Meta, type PlacedEntry, readList } from "@datadb/protocol";

/** Pieces that are remembered behind the place that is read; further back the list is read again. */
const KEPT_BEHIND = 2048;
/** Whoever reads the first bytes need not wait for the list of those that follow. */
const FIRST_NODES = 1;
/** A jump forward by more than this does not read the list in between. */
const SKIP_BYTES = 32 << 20;

export interface Pieces {
  /** The pieces that overlap [from, to), in order; `to` is at most the stream's size. Rejects when nodes are missing or damaged. */
  cover(from: number, to: number): PlacedEntry[] | Promise<PlacedEntry[]>;
}

export function createPieces(fetch: FetchNodes, hash: HashAlgorithm, meta: Meta): Pieces {
  const single = meta.list === undefined && meta.chunk !== undefined;
  let pieces: PlacedEntry[] = single ? [{ name: meta.chunk!, length: meta.size, offset: 0 }] : [];
  let end = single ? meta.size : 0;
  let reader: AsyncGenerator<PlacedEntry> | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  const covered = (from: number, to: number): boolean =>
    pieces.length > 0 && pieces[0]!.offset <= from && to <= end;

  async function extend(from: number, to: number): Promise<PlacedEntry[]> {
    const start = pieces[0]?.offset ?? 0;
    if (reader === null || pieces.length === 0 || from < start || from > end + SKIP_BYTES) {
      pieces = [];
      end = from;
      reader = readList(fetch, hash, meta, meta.size, { from, first: FIRST_NODES });
    }
    try {
      while (end < to) {
        const { value, done } = await reader.next();
        if (done) break;
        pieces.push({ ...value, name: value.name === null ? null : Buffer.from(value.name) });
        end = value.offset + value.length;
      }
    } catch (error) {
      reader = null;
      pieces = [];
      throw error;
    }
    const found = overlapping(pieces, from, to);
    const behind = firstAt(pieces, from);
    if (behind > 2 * KEPT_BEHIND) pieces = pieces.slice(behind - KEPT_BEHIND);
    return found;
  }

  return {
    cover(from, to) {
      if (from >= to) return [];
      if (covered(from, to)) return overlapping(pieces, from, to);
      // One at a time: they share the reader.
      const mine = turn.then(() => (covered(from, to) ? overlapping(pieces, from, to) : extend(from, to)));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** Index of the piece that holds the offset. */
function firstAt(pieces: readonly PlacedEntry[], offset: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (pieces[middle]!.offset <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function overlapping(pieces: readonly PlacedEntry[], from: number, to: number): PlacedEntry[] {
  const found: PlacedEntry[] = [];
  for (let i = firstAt(pieces, from); i < pieces.length && pieces[i]!.offset < to; i++)
    found.push(pieces[i]!);
  return found;
}
