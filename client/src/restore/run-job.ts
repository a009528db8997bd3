/** The work of a restore's worker thread: decode, verify, write; all synchronous. */
import fs from "node:fs";
import { decodeChain, type HashAlgorithm, hashLength, hashOf } from "@datadb/protocol";
import type { Xattr } from "../native/native.ts";
import { finishFile } from "./finish-file.ts";
import {
  type ComparePart,
  DIFFERENT,
  type FileTarget,
  JOB_ENTRY,
  type JobFailure,
  type JobMessage,
  type JobResult,
  type ContentPart as Part,
} from "./job.ts";
import { type JobReader, jobReader } from "./job-reader.ts";
import { createFile, discardFile, publishFile } from "./new-file.ts";
import { outOfReach } from "./out-of-reach.ts";

export interface JobContext {
  hash: HashAlgorithm;
  umask: number;
}

/** Runs every entry of a job; one that fails does not keep the others from being done. */
export function runJob(message: JobMessage, context: JobContext): JobResult {
  const from = Buffer.from(message.bytes, 0, message.length);
  const reader = jobReader(from, hashLength(context.hash));
  const xattrs = new Map(message.xattrs.map(([index, all]) => [index, all.map(asBuffers)]));
  const failures: JobFailure[] = [];
  for (let index = 0; !reader.done; index++) {
    const failure = runEntry(reader, xattrs.get(index) ?? [], context);
    if (failure !== null) {
      const { code = "FAILED", message: text } = failure as NodeJS.ErrnoException;
      failures.push({ index, code, message: text });
    }
  }
  return { id: message.id, failures };
}

/** A message turns Buffers into plain byte arrays. */
function asBuffers({ name, value }: Xattr): Xattr {
  return { name: Buffer.from(name), value: Buffer.from(value) };
}

function runEntry(reader: JobReader, xattrs: readonly Xattr[], context: JobContext): Error | null {
  // An entry is read to its end before it is done, so that the next one is found whatever happens.
  const kind = reader.kind();
  if (kind === JOB_ENTRY.file) {
    const target = { ...reader.file(), xattrs };
    const parts = readAll(reader, reader.part);
    return attempt(() => writeFile(target, parts, context));
  }
  const fd = reader.fd();
  if (kind === JOB_ENTRY.parts) {
    const parts = readAll(reader, reader.part);
    return attempt(() => writeParts(fd, parts, context.hash));
  }
  const parts = readAll(reader, reader.comparePart);
  return attempt(() => compare(fd, parts, context.hash));
}

function readAll<Part>(reader: JobReader, read: () => Part): Part[] {
  return Array.from({ length: reader.count() }, read);
}

function attempt(work: () => void): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    return error as Error;
  }
}

function writeFile(target: FileTarget, parts: readonly Part[], { hash, umask }: JobContext): void {
  // The one part of a small file is decoded first: when it is damaged, nothing was created.
  const only = parts.length === 1 ? decode(hash, parts[0]!) : null;
  const file = createFile(target.directoryFd, target.mode & 0o777);
  try {
    if (only !== null) writeAt(file.fd, only, parts[0]!.offset);
    else writeParts(file.fd, parts, hash);
    const last = parts.at(-1);
    const end = last === undefined ? 0 : last.offset + last.chain.at(-1)!.length;
    if (end < target.size) fs.ftruncateSync(file.fd, target.size);
    finishFile(file.fd, target, umask);
    publishFile(file, target.directoryFd, target.name, target.replace);
  } finally {
    discardFile(file, target.directoryFd);
  }
}

function writeParts(fd: number, parts: readonly Part[], hash: HashAlgorithm): void {
  for (const part of parts) writeAt(fd, decode(hash, part), part.offset);
}

/** Memory for content on its way to a file: fresh memory for each would be cleared by the kernel first, page by page. */
let space = Buffer.alloc(1 << 20);

function spaceFor(length: number): Buffer {
  if (length > space.length) space = Buffer.alloc(length);
  return space.subarray(0, length);
}

/** The content of a part; what an earlier call returned may be overwritten. */
function decode(hash: HashAlgorithm, { chain, offset }: Part): Buffer {
  const { length } = chain.at(-1)!;
  try {
    return decodeChain(hash, chain, spaceFor(length));
  } catch (error) {
    throw outOfReach(error as Error, { offset, length });
  }
}

function writeAt(fd: number, content: Buffer, offset: number): void {
  for (let done = 0; done < content.length; ) {
    done += fs.writeSync(fd, content, done, content.length - done, offset + done);
  }
}

function compare(fd: number, parts: readonly ComparePart[], hash: HashAlgorithm): void {
  for (const { offset, length, name } of parts) {
    if (
      name === null ? !isZero(fd, offset, length) : !hashOf(hash, readAt(fd, offset, length)).equals(name)
    ) {
      throw Object.assign(new Error("the content differs"), { code: DIFFERENT });
    }
  }
}

function readAt(fd: number, offset: number, length: number): Buffer {
  const into = spaceFor(length);
  let done = 0;
  while (done < length) {
    const read = fs.readSync(fd, into, done, length - done, offset + done);
    if (read === 0) break;
    done += read;
  }
  return into.subarray(0, done);
}

function isZero(fd: number, offset: number, length: number): boolean {
  const zeros = Buffer.alloc(Math.min(length, 1 << 20));
  for (let done = 0; done < length; done += zeros.length) {
    const wanted = Math.min(zeros.length, length - done);
    if (!readAt(fd, offset + done, wanted).equals(zeros.subarray(0, wanted))) return false;
  }
  return true;
}
