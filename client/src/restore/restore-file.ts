/** Restores one regular file: skipped when it is there already, whole in one job when small, else in parts. */
import { DamagedError, type Meta } from "@datadb/protocol";
import { type Attributes, attributesOf } from "./attributes.ts";
import type { Directory } from "./directory.ts";
import { contentOf, type Part } from "./file-content.ts";
import { fileTarget } from "./file-target.ts";
import { isUnchanged } from "./is-unchanged.ts";
import { entryBytes } from "./job-writer.ts";
import { largeFile } from "./large-file.ts";
import type { Run } from "./run.ts";

/** Content bytes up to which a file is one unit of work. */
const SMALL_BYTES = 2 << 20;

/**
 * `done` is called exactly once, with null when the file is complete and in place; possibly before this resolves,
 * possibly after.
 */
export async function restoreFile(
  run: Run,
  directory: Directory,
  meta: Meta,
  done: (error: unknown, unchanged?: boolean) => void,
): Promise<void> {
  try {
    const attributes = attributesOf(meta, run.restorer, directory.createdGid);
    if (run.options.overwrite === true && (await isUnchanged(run, directory, meta, attributes)))
      return done(null, true);
    if (meta.list === undefined && meta.size <= SMALL_BYTES) {
      return await smallFile(run, directory, meta, attributes, onlyPart(meta), done);
    }
    const parts = contentOf(run, meta);
    if (meta.size > SMALL_BYTES) return await largeFile(run, directory, meta, attributes, parts, done);
    await smallFile(run, directory, meta, attributes, await collect(parts), done);
  } catch (error) {
    done(error);
  }
}

/** Without a list there is at most one piece: nothing has to be fetched to know it. */
function onlyPart({ chunk, size }: Meta): Part[] {
  if (chunk !== undefined) return [{ name: chunk, length: size, offset: 0 }];
  if (size > 0) throw new DamagedError("the backup has no content for it");
  return [];
}

async function collect(parts: AsyncGenerator<Part>): Promise<Part[]> {
  const all: Part[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

async function smallFile(
  run: Run,
  directory: Directory,
  meta: Meta,
  attributes: Attributes,
  parts: readonly Part[],
  done: (error: unknown) => void,
): Promise<void> {
  const target = fileTarget(run, directory, meta, attributes);
  await run.batches.add({
    blobs: parts.filter((part): part is Part & { name: Buffer } => part.name !== null),
    bytes: meta.size,
    fd: target.directoryFd,
    xattrs: target.xattrs,
    space: (content) => entryBytes(target.name.length, content),
    write: (writer, content) => writer.file(target, content),
    done(failure) {
      run.handles.unpin(directory);
      done(failure);
    },
  });
}
