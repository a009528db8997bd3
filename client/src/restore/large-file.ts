/** A file that is written by several workers at once, piece by piece. */
import fs from "node:fs";
import type { Meta } from "@datadb/protocol";
import type { Attributes } from "./attributes.ts";
import type { Unit } from "./batches.ts";
import type { Directory } from "./directory.ts";
import type { Part } from "./file-content.ts";
import { fileTarget } from "./file-target.ts";
import { finishFile } from "./finish-file.ts";
import { entryBytes } from "./job-writer.ts";
import { createFile, discardFile, type NewFile, publishFile } from "./new-file.ts";
import type { Run } from "./run.ts";

/** Content bytes of one unit of work. */
const PIECE_BYTES = 1 << 20;

/** Resolves when all pieces are under way; `done` is called when the last is written and the file has its name. */
export async function largeFile(
  run: Run,
  directory: Directory,
  meta: Meta,
  attributes: Attributes,
  parts: AsyncGenerator<Part>,
  done: (error: unknown) => void,
): Promise<void> {
  const target = fileTarget(run, directory, meta, attributes);
  const { directoryFd } = target;
  const file = create(run, directory, directoryFd);
  let open = 1;
  let failure: unknown = null;

  function release(error: unknown): void {
    failure ??= error;
    open--;
    if (open > 0) return;
    try {
      if (failure === null) {
        fs.ftruncateSync(file.fd, meta.size);
        // The file was created private: whatever its mode is, it has to be set.
        finishFile(file.fd, target, 0o777);
        publishFile(file, directoryFd, meta.name, target.replace);
      }
    } catch (error) {
      failure = error;
    } finally {
      discardFile(file, directoryFd);
      run.handles.unpin(directory);
    }
    done(failure);
  }

  async function piece(blobs: Unit["blobs"], bytes: number): Promise<void> {
    if (blobs.length === 0) return;
    open++;
    await run.batches.add({
      blobs,
      bytes,
      fd: file.fd,
      space: (content) => entryBytes(0, content),
      write: (writer, content) => writer.parts(file.fd, content),
      done: release,
    });
  }

  try {
    let blobs: Unit["blobs"][number][] = [];
    let bytes = 0;
    for await (const { name, offset, length } of parts) {
      if (failure !== null) break; // the rest cannot make it whole
      run.tally.check();
      if (name === null) continue;
      blobs.push({ name, offset, length });
      bytes += length;
      if (bytes < PIECE_BYTES) continue;
      await piece(blobs, bytes);
      blobs = [];
      bytes = 0;
    }
    await piece(blobs, bytes);
    release(null);
  } catch (error) {
    release(error);
  }
}

function create(run: Run, directory: Directory, directoryFd: number): NewFile {
  try {
    return createFile(directoryFd, 0o600);
  } catch (error) {
    run.handles.unpin(directory);
    throw error;
  }
}
