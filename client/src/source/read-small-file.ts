/** Reads a file in one go into the slab at hand, and notices when it changes meanwhile. */
import { closeSync, readSync } from "node:fs";
import { type HashAlgorithm, ListBuilder, type StreamRef } from "@datadb/protocol";
import type { Chunker } from "../chunker/chunker.ts";
import type { EmitWithBase } from "../ingest/node-collector.ts";
import type { SlabPacker } from "../ingest/slab-packer.ts";
import type { EntryStat, Xattr } from "../native/native.ts";
import { isSameState, newStat, typeOf } from "./entry-stat.ts";
import type { OpenDirectory } from "./open-directory.ts";

/** What a reader works with. `chunker` is free between two files. */
export interface ReadTools {
  packer: SlabPacker;
  chunker: Chunker;
  hash: HashAlgorithm;
  emit: EmitWithBase;
}

/** The content of a file and the state it was read in. */
export interface ReadFile {
  ref: StreamRef;
  bytes: number;
  xattrs: Xattr[] | undefined;
  /** It changed while it was read, and again the second time: the content may mix states. */
  changed: boolean;
}

const after: EntryStat = newStat();

/**
 * Reads the file `name`, whose stat is `stat` (brought up to date when the file changed). `previous`: the chunk that
 * was its content. Null when it does not fit: the packer must have room for `stat.size`. Throws what node:fs throws.
 */
export function readSmallFile(
  tools: ReadTools,
  directory: OpenDirectory,
  name: string,
  stat: EntryStat,
  previous?: Buffer | undefined,
): ReadFile | null {
  const { packer } = tools;
  const fd = directory.open(name);
  try {
    for (let attempt = 1; ; attempt++) {
      const bytes = readFully(fd, packer.view, packer.position, stat.size);
      directory.statOpen(fd, after);
      if (typeOf(after) !== "file") throw Object.assign(new Error("no file any more"), { code: "EAGAIN" });
      const same = bytes === stat.size && isSameState(stat, after);
      if (same || attempt === 2) {
        Object.assign(stat, after);
        const xattrs = directory.hasXattrs(fd) ? directory.xattrs(name) : undefined;
        return { ref: cutWhole(tools, bytes, previous), bytes, xattrs, changed: !same };
      }
      Object.assign(stat, after);
      if (stat.size > packer.free) return null;
    }
  } finally {
    closeSync(fd);
  }
}

/** Bytes read: fewer than `length` only at the end of the file. */
function readFully(fd: number, view: Buffer, at: number, length: number): number {
  let done = 0;
  while (done < length) {
    const bytes = readSync(fd, view, at + done, length - done, done);
    if (bytes === 0) break;
    done += bytes;
  }
  return done;
}

/** Makes chunks of the `bytes` bytes at the packer's position. */
function cutWhole(
  { packer, chunker, hash, emit }: ReadTools,
  bytes: number,
  previous: Buffer | undefined,
): StreamRef {
  if (bytes === 0) return {};
  const start = packer.position;
  if (bytes <= chunker.min) return { chunk: addChunk(packer, start + bytes, previous) };
  chunker.restart();
  const ends = chunker.cut(start, start + bytes);
  if (ends.at(-1) !== start + bytes) ends.push(start + bytes);
  const list = new ListBuilder(hash, emit);
  for (const end of ends) {
    const length = end - packer.position;
    // What was one chunk may be in any of these.
    list.add({ name: addChunk(packer, end, previous), length });
  }
  return list.finish().ref;
}

function addChunk(packer: SlabPacker, end: number, base: Buffer | undefined): Buffer {
  const name = packer.add(end);
  if (base !== undefined && !base.equals(name)) packer.hint(base);
  return name;
}
