/** Notices that the files of a directory are opened one after the other, and asks for the next ones' content. */
import { isDirectoryAt, metaAt } from "../inodes/directory-table.ts";
import type { LoadedDirectory } from "../inodes/inode-table.ts";
import type { ReceiverMessage } from "./messages.ts";

/** Files that are read ahead at once, and their content at most. */
const FILES = 128;
const BYTES = 2 << 20;
/** Programs skip what they need not open: a gap as wide as this is still one pass. */
const GAP = 16;

export function readAheadInDirectory(
  loaded: LoadedDirectory,
  entry: number,
  post: (message: ReceiverMessage) => void,
): void {
  const inOrder = entry > loaded.lastOpened && entry - loaded.lastOpened <= GAP;
  loaded.lastOpened = entry;
  if (!inOrder) {
    loaded.readAhead = entry + 1;
    return;
  }
  // The next batch is asked for when half of the last one is used up.
  if (loaded.readAhead - entry > FILES / 2) return;
  const names: Buffer[] = [];
  const lengths: number[] = [];
  let bytes = 0;
  let next = Math.max(loaded.readAhead, entry + 1);
  const { table } = loaded;
  for (; next < table.count && lengths.length < FILES && bytes < BYTES; next++) {
    if (isDirectoryAt(table, next)) continue;
    const { chunk, size } = metaAt(table, next);
    if (chunk === undefined) continue;
    names.push(chunk);
    lengths.push(size);
    bytes += size;
  }
  loaded.readAhead = next;
  if (names.length > 0) post({ kind: "ahead", names: Uint8Array.from(Buffer.concat(names)), lengths });
}
