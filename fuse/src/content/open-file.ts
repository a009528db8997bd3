/** One open file: any part of it, and the next parts before they are asked for. */
import type { FetchNodes, HashAlgorithm, Meta, PlacedEntry } from "@datadb/protocol";
import type { BlobCache } from "./blob-cache.ts";
import type { WantedBlob } from "./load-batch.ts";
import { createPieces } from "./pieces.ts";

/** How far ahead of a steady reader chunks are fetched: from the first, doubling up to the last. */
const FIRST_AHEAD = 1 << 20;
/** The kernel itself reads ahead, a few requests in any order: still one steady reader. */
const STEADY_GAP = 4 << 20;
const ZEROS: Buffer = Buffer.alloc(1 << 20);

export interface OpenFile {
  /** Starts to fetch the beginning: who opens a file mostly reads that first. Failures show when it is read. */
  begin(): void;
  /**
   * Calls `use` with the bytes [offset, offset + size), fewer only at the end of the file, in pieces that are valid only during
   * the call. Rejects instead of wrong bytes.
   */
  read<T>(offset: number, size: number, use: (parts: Buffer[]) => T): Promise<T>;
  /** Start of the next data (or hole) at or after the offset; null when there is none. */
  seek(offset: number, hole: boolean): Promise<number | null>;
}

export interface FileSurroundings {
  fetch: FetchNodes;
  hash: HashAlgorithm;
  cache: BlobCache;
  /** Bytes that one reader may be ahead. */
  mostAhead: number;
}

export function openFile({ fetch, hash, cache, mostAhead }: FileSurroundings, meta: Meta): OpenFile {
  const pieces = createPieces(fetch, hash, meta);
  const { size: fileSize } = meta;
  let next = 0;
  let ahead = 0;
  let fetched = 0;

  /** Keeps the window in front of the reader full, in steps of half a window. */
  async function readAhead(offset: number, end: number): Promise<void> {
    const steady = offset <= next + STEADY_GAP && offset + STEADY_GAP >= next;
    ahead = steady ? Math.min(mostAhead, Math.max(FIRST_AHEAD, ahead * 2)) : 0;
    if (!steady) fetched = end;
    next = end;
    fetched = Math.max(fetched, end);
    // Among many readers everybody gets less, so that nothing has to go before it was read.
    const window = Math.min(ahead, Math.max(FIRST_AHEAD, fetched - end + cache.room));
    if (ahead === 0 || fetched >= fileSize || fetched - end > window / 2) return;
    const to = Math.min(fileSize, end + window);
    const from = fetched;
    fetched = to;
    cache.want(wantedOf(await pieces.cover(from, to)));
  }

  return {
    begin() {
      const first = Promise.resolve(pieces.cover(0, Math.min(1, fileSize)));
      first.then((found) => cache.want(wantedOf(found))).catch(() => undefined);
    },
    async read(offset, size, use) {
      const end = Math.min(offset + size, fileSize);
      if (offset >= end) return use([]);
      const covering = await pieces.cover(offset, end);
      if (covering.length > 1) cache.want(wantedOf(covering));
      const held = covering.map((piece) => (piece.name === null ? null : cache.hold(wanted(piece))));
      // What lies ahead of a steady reader is fetched meanwhile; a first read must not wait for it.
      const steady = next > 0;
      if (steady) readAhead(offset, end).catch(() => undefined);
      try {
        const contents = await Promise.all(held.map((one) => one?.content ?? null));
        return use(partsOf(covering, contents, offset, end));
      } finally {
        for (const one of held) one?.release();
        // Failures of what lies ahead are told when it is read.
        if (!steady) setImmediate(() => void readAhead(offset, end).catch(() => undefined));
      }
    },
    async seek(offset, hole) {
      for (let at = offset; at < fileSize; ) {
        for (const piece of await pieces.cover(at, Math.min(fileSize, at + 1))) {
          if ((piece.name === null) === hole) return Math.max(offset, piece.offset);
          at = piece.offset + piece.length;
        }
      }
      return hole && offset <= fileSize ? fileSize : null;
    },
  };
}

/** The part [from, to) of the stream, which the pieces cover; a null content is a hole. */
function partsOf(
  covering: readonly PlacedEntry[],
  contents: readonly (Buffer | null)[],
  from: number,
  to: number,
): Buffer[] {
  const parts: Buffer[] = [];
  for (const [index, { offset, length }] of covering.entries()) {
    const start = Math.max(0, from - offset);
    const end = Math.min(length, to - offset);
    const content = contents[index];
    if (content) parts.push(content.subarray(start, end));
    else addZeros(parts, end - start);
  }
  return parts;
}

function wanted({ name, length }: PlacedEntry): WantedBlob {
  return { name: name as Buffer, length };
}

function wantedOf(pieces: readonly PlacedEntry[]): WantedBlob[] {
  return pieces.filter(({ name }) => name !== null).map(wanted);
}

function addZeros(parts: Buffer[], length: number): void {
  for (let left = length; left > 0; left -= ZEROS.length)
    parts.push(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
}
