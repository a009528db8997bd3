/** Whether a file of the destination already is what a restore would write: attributes first, then every byte. */
import fs from "node:fs";
import { hashLength, hashOf, type Meta } from "@datadb/protocol";
import { nativeSupport } from "../native/load-native.ts";
import type { Attributes } from "./attributes.ts";
import type { Unit } from "./batches.ts";
import type { Directory } from "./directory.ts";
import { contentOf } from "./file-content.ts";
import { type ComparePart, DIFFERENT } from "./job.ts";
import { compareBytes, type JobWriter } from "./job-writer.ts";
import { pathAt } from "./new-file.ts";
import type { Run } from "./run.ts";

/** Content bytes of one comparison in a worker, and up to which the main thread compares. */
const PIECE_BYTES = 8 << 20;
const HERE_BYTES = 128 << 10;

/** False also for a file that differs in owner, mode, time or attributes: it is written anew, never changed in place. */
export async function isUnchanged(
  run: Run,
  directory: Directory,
  meta: Meta,
  wanted: Attributes,
): Promise<boolean> {
  if (!directory.existed) return false;
  const directoryFd = run.handles.pin(directory);
  try {
    const fd = openSame(directoryFd, meta, wanted, run.restorer.uid, directory.createdGid);
    if (fd === null) return false;
    try {
      return await compareContent(run, fd, meta);
    } finally {
      fs.closeSync(fd);
    }
  } finally {
    run.handles.unpin(directory);
  }
}

/** The open file when its attributes are as wanted, else null. */
function openSame(
  directoryFd: number,
  meta: Meta,
  wanted: Attributes,
  uid: number,
  gid: number,
): number | null {
  const path = pathAt(directoryFd, meta.name);
  const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || Number(stat.size) !== meta.size) return null;
  const owner = wanted.owner ?? { uid, gid };
  if (Number(stat.uid) !== owner.uid || Number(stat.gid) !== owner.gid) return null;
  if (Number(stat.mode & 0o7777n) !== wanted.mode) return null;
  const { native } = nativeSupport();
  if (native === null ? Math.abs(Number(stat.mtimeNs - meta.mtime)) > 1000 : stat.mtimeNs !== meta.mtime)
    return null;
  if (native !== null && !sameXattrs(native.readXattrs(path), meta.xattrs ?? [])) return null;
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch {
    return null; // not readable, so not comparable
  }
}

type Xattrs = readonly { name: Buffer; value: Buffer }[];

function sameXattrs(a: Xattrs, b: Xattrs): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, value }, i) => name.equals(b[i]!.name) && value.equals(b[i]!.value))
  );
}

async function compareContent(run: Run, fd: number, meta: Meta): Promise<boolean> {
  const { chunk, size } = meta;
  // For a small file a trip to a worker takes longer than the comparison.
  if (chunk !== undefined && size <= HERE_BYTES) return compareHere(run, fd, chunk, size);
  const results: Promise<boolean>[] = [];
  let parts: ComparePart[] = [];
  let bytes = 0;
  for await (const part of contentOf(run, meta)) {
    parts.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    results.push(comparePiece(run, fd, parts, bytes));
    parts = [];
    bytes = 0;
  }
  if (parts.length > 0) results.push(comparePiece(run, fd, parts, bytes));
  await run.batches.flush();
  return (await Promise.all(results)).every((same) => same);
}

function compareHere(run: Run, fd: number, chunk: Buffer, size: number): boolean {
  const content = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const read = fs.readSync(fd, content, done, size - done, done);
    if (read === 0) return false;
    done += read;
  }
  return hashOf(run.hash, content).equals(chunk);
}

async function comparePiece(
  run: Run,
  fd: number,
  parts: readonly ComparePart[],
  bytes: number,
): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const space = compareBytes(parts, hashLength(run.hash));
    const write = (writer: JobWriter): void => writer.compare(fd, parts);
    const done: Unit["done"] = (failure) => {
      const same = failure === null;
      if (same || (failure as NodeJS.ErrnoException).code === DIFFERENT) resolve(same);
      else reject(failure);
    };
    run.batches.add({ blobs: [], bytes, fd, space: () => space, write, done }).catch(reject);
  });
}
