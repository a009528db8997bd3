/** Where and how a file is to appear. */
import fs from "node:fs";
import type { Meta } from "@datadb/protocol";
import type { Attributes } from "./attributes.ts";
import { type Directory, pathIn } from "./directory.ts";
import type { FileTarget } from "./job.ts";
import { pathAt } from "./new-file.ts";
import type { Run } from "./run.ts";

/**
 * What a worker, or the main thread for a large file, must know to complete the file. The directory stays pinned
 * until the caller unpins it; when something that cannot be replaced is in the way, this throws, and it is not.
 */
export function fileTarget(
  run: Run,
  directory: Directory,
  meta: Meta,
  { mode, owner }: Attributes,
): FileTarget {
  const directoryFd = run.handles.pin(directory);
  let replace = false;
  try {
    replace = run.options.overwrite === true && mayReplace(directory, directoryFd, meta);
  } catch (error) {
    run.handles.unpin(directory);
    throw error;
  }
  return {
    directoryFd,
    name: meta.name,
    mode,
    owner,
    mtime: meta.mtime,
    size: meta.size,
    replace,
    stripAcl: directory.inheritsAcl,
    xattrs: meta.xattrs ?? [],
  };
}

/** A file may take the place of anything but a directory; an empty one is removed. */
function mayReplace(directory: Directory, directoryFd: number, meta: Meta): boolean {
  if (!directory.existed) return false;
  const path = pathAt(directoryFd, meta.name);
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) removeEmpty(path, pathIn(directory, meta.name));
  return stat !== undefined && !stat.isDirectory();
}

function removeEmpty(path: Buffer, shown: Buffer): void {
  try {
    fs.rmdirSync(path);
  } catch (error) {
    const message = `a directory that is not empty is in the way at '${shown}'`;
    throw Object.assign(new Error(message, { cause: error }), { code: "EXISTS" });
  }
}
