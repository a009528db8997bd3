/** Reads a file of any size as a stream, holes left out, and notices when it changes meanwhile. */
import { closeSync, readSync } from "node:fs";
import type { StreamRef } from "@datadb/protocol";
import { type ContentStream, contentStream } from "../ingest/content-stream.ts";
import type { StreamBases } from "../ingest/stream-bases.ts";
import type { EntryStat, Native } from "../native/native.ts";
import { isSameState, newStat, typeOf } from "./entry-stat.ts";
import type { OpenDirectory } from "./open-directory.ts";
import type { ReadFile, ReadTools } from "./read-small-file.ts";

/** Shorter holes are read as zeros: a hole in a list costs an entry and cuts a chunk. */
const MIN_HOLE_BYTES: number = 16 << 10;

/**
 * As readSmallFile, for files that do not fit a slab or have holes. `tools.chunker` and `tools.packer` are its own
 * while it runs. `tell` hears of every slab's worth of bytes. `native` absent: holes are read as zeros. `newBases`:
 * bases for one reading of the file.
 */
export async function readLargeFile(
  tools: ReadTools,
  directory: OpenDirectory,
  name: string,
  stat: EntryStat,
  native: Native | null,
  tell: (bytes: number) => void,
  newBases?: () => Promise<StreamBases>,
): Promise<ReadFile> {
  const after = newStat();
  const fd = directory.open(name);
  try {
    directory.statOpen(fd, stat);
    if (typeOf(stat) !== "file") throw Object.assign(new Error("no file any more"), { code: "EAGAIN" });
    for (let attempt = 1; ; attempt++) {
      const { ref, bytes } = await readOnce(tools, fd, stat, native, tell, await newBases?.());
      directory.statOpen(fd, after);
      const same = bytes === stat.size && isSameState(stat, after);
      Object.assign(stat, after);
      if (same || attempt === 2) {
        const xattrs = directory.hasXattrs(fd) ? directory.xattrs(name) : undefined;
        return { ref, bytes, xattrs, changed: !same };
      }
    }
  } finally {
    closeSync(fd);
  }
}

async function readOnce(
  tools: ReadTools,
  fd: number,
  stat: EntryStat,
  native: Native | null,
  tell: (bytes: number) => void,
  bases: StreamBases | undefined,
): Promise<{ ref: StreamRef; bytes: number }> {
  const stream = contentStream(tools, bases);
  const sparse = native !== null && stat.allocated < stat.size;
  for (let at = 0; at < stat.size; ) {
    const { data, end } = sparse ? nextStretch(native, fd, at, stat.size) : { data: at, end: stat.size };
    if (data > at) stream.hole(data - at);
    at = data;
    if (at < end) at += await readStretch(stream, tools.packer.view, fd, at, end, tell);
    if (at < end) break; // the file became shorter
  }
  return stream.finish();
}

/** The next data at or after `at`, up to a hole worth keeping or the end of the file. */
function nextStretch(native: Native, fd: number, at: number, size: number): { data: number; end: number } {
  const found = native.seekData(fd, at);
  const data = found === null ? size : Math.min(found, size);
  const first = data - at < MIN_HOLE_BYTES && data < size ? at : data;
  let end = data;
  while (end < size) {
    end = Math.min(native.seekHole(fd, end), size);
    const next = end < size ? native.seekData(fd, end) : size;
    if (next === null || next - end >= MIN_HOLE_BYTES) break;
    end = Math.min(next, size);
  }
  return { data: first, end };
}

/** Bytes read from `from` on: fewer than asked for only at the end of the file. */
async function readStretch(
  stream: ContentStream,
  view: Buffer,
  fd: number,
  from: number,
  end: number,
  tell: (bytes: number) => void,
): Promise<number> {
  let at = from;
  while (at < end) {
    const room = stream.room() ?? (await stream.freshRoom());
    const bytes = readSync(fd, view, room.at, Math.min(room.bytes, end - at), at);
    if (bytes === 0) break;
    stream.filled(bytes);
    at += bytes;
    tell(bytes);
  }
  return at - from;
}
