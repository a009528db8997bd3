/** Backs up files and directories: one walk for each SOURCE, and a root above them when there are several. */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import {
  DirectoryBuilder,
  decodeMeta,
  EmptySourceError,
  encodeMeta,
  type HashAlgorithm,
  NotFoundError,
} from "@datadb/protocol";
import type { Engine } from "../ingest/engine.ts";
import { deviceNumbers } from "../native/device.ts";
import type { FinishedEntry } from "../source/directory-state.ts";
import { latin1Path, pathBytes } from "../source/entry-path.ts";
import { unreadable } from "../source/entry-problem.ts";
import type { PreviousTree } from "../source/previous-tree.ts";
import type { ScanUnit } from "../source/scan-unit.ts";
import type { TreeWalk } from "../source/tree-walk.ts";

export interface FilesContext {
  walk: TreeWalk;
  engine: Engine;
  hash: HashAlgorithm;
  previous: PreviousTree | null;
  /** Canonical metas of the previous root's entries, by latin1 name: what several SOURCEs are compared with. */
  previousEntries: ReadonlyMap<string, Buffer>;
  oneFileSystem: boolean;
}

/** The finished root. Throws NOT_FOUND when a SOURCE is not there, EMPTY_SOURCE when the only one cannot be read. */
export async function filesSnapshot(context: FilesContext, paths: readonly string[]): Promise<FinishedEntry> {
  const [only, ...others] = paths;
  if (others.length === 0) {
    requireReadable(only!);
    return await walkSource(context, only!, 0, "", "", context.previous?.root);
  }
  const entries: { name: Buffer; entry: FinishedEntry }[] = [];
  for (const [index, path] of paths.entries()) {
    const name = rootName(paths, index);
    const before = context.previousEntries.get(name);
    entries.push({
      name: pathBytes(name),
      entry: await walkSource(context, path, index, name, name, before),
    });
  }
  return joinRoots(context, entries);
}

/** Base names; of several equal ones the second is called `name.2`, in the order given. */
function rootName(paths: readonly string[], index: number): string {
  const name = basename(paths[index]!) || "root";
  const before = paths.slice(0, index).filter((path) => (basename(path) || "root") === name).length;
  return latin1Path(before === 0 ? name : `${name}.${before + 1}`);
}

async function walkSource(
  { walk, oneFileSystem }: FilesContext,
  path: string,
  source: number,
  relative: string,
  name: string,
  previous: Buffer | undefined,
): Promise<FinishedEntry> {
  // A SOURCE that is a symlink means what it leads to.
  const { real, stat } = resolveSource(path);
  const { major, minor } = deviceNumbers(stat.dev);
  const called = name === "" ? latin1Path(basename(path) || "root") : name;
  if (!stat.isDirectory()) {
    const unit = { directory: latin1Path(dirname(real)), entry: latin1Path(basename(real)), relative };
    const entry = await walk.file(unit, Number(stat.size), previous);
    if (entry === null)
      throw new NotFoundError(`${path} cannot be read`, "check that it is there, and readable for this user");
    return { ...entry, meta: encodeMeta({ ...decodeMeta(entry.meta), name: pathBytes(called) }) };
  }
  const unit: ScanUnit = {
    path: real === "/" ? "" : latin1Path(real),
    relative,
    below: "",
    source,
    name: called,
    ignores: [],
    device: oneFileSystem ? `${major}:${minor}` : undefined,
  };
  const entry = await walk.directory(unit, previous);
  if (entry === null)
    throw new NotFoundError(`${path} vanished, or is the store itself`, "name another path");
  return entry;
}

function resolveSource(path: string): { real: string; stat: ReturnType<typeof statBig> } {
  try {
    const real = realpathSync(path);
    return { real, stat: statBig(real) };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file or directory" : message;
    throw new NotFoundError(`${path}: ${reason}`, { next: "check the path", fields: { path }, cause });
  }
}

/** A backup with nothing in it would be the newest one, and hide those that have something. */
function requireReadable(path: string): void {
  const { real, stat } = resolveSource(path);
  if (!stat.isDirectory() && !stat.isFile()) return;
  try {
    accessSync(real, stat.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK);
  } catch (cause) {
    const { reason } = unreadable(path, cause);
    throw new EmptySourceError(`${path} cannot be read: ${reason}; no backup was made`, {
      next: "run it as a user who may read it",
      fields: { path },
      cause,
    });
  }
}

function statBig(path: string) {
  return statSync(path, { bigint: true });
}

/** A directory of this backup alone: nothing on disk has its attributes. */
function joinRoots(
  { engine, hash }: FilesContext,
  entries: { name: Buffer; entry: FinishedEntry }[],
): FinishedEntry {
  const builder = new DirectoryBuilder(hash, engine.emit);
  for (const { name, entry } of entries.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
    builder.add(entry.meta, name, entry.entries, entry.bytes);
  }
  const { directory, entries: count, bytes } = builder.finish();
  const meta = encodeMeta({
    name: Buffer.from("sources"),
    type: "directory",
    mode: 0o755,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    mtime: 0n,
    size: bytes,
    entries: count,
    ...(directory ? { directory } : {}),
  });
  return { meta, entries: count + 1, bytes };
}
