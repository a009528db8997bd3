/** A directory held open while its entries are looked at: short paths, and trees deeper than PATH_MAX. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync } from "node:fs";
import type { EntryStat, Native, Xattr } from "../native/native.ts";
import { pathBytes } from "./entry-path.ts";
import { fillStat } from "./entry-stat.ts";

/** Names are latin1. Errors are those of node:fs. */
export interface OpenDirectory {
  /** Names in byte order. */
  names(): string[];
  /** False: the entry is gone. */
  stat(name: string, stat: EntryStat): boolean;
  /** Of the directory itself. */
  statSelf(stat: EntryStat): void;
  statOpen(fd: number, stat: EntryStat): void;
  /** Opens a regular file for reading; never waits, whatever the entry has become meanwhile. */
  open(name: string): number;
  readlink(name: string): Buffer;
  /** Attributes of an entry, or with "." of the directory itself. */
  xattrs(name: string): Xattr[];
  /** Whether an open file has attributes at all. */
  hasXattrs(fd: number): boolean;
  selfHasXattrs(): boolean;
  close(): void;
}

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const DIRECTORY = READ | constants.O_DIRECTORY;

/** Bytes of a path that every call takes; the kernel's limit is 4096 with the final NUL. */
const PATH_BYTES = 3800;

/** Opens a directory by its latin1 path. `native` absent: no attributes, stats through node:fs. */
export function openDirectory(path: string, native: Native | null): OpenDirectory {
  const fd = openDeep(path);
  // Entries are reached through the descriptor: shorter for the kernel, and without a limit on depth.
  const prefix = path.length < PATH_BYTES - 256 ? `${path}/` : `/proc/self/fd/${fd}/`;
  const at = (name: string): Buffer => pathBytes(prefix + name);
  const common = {
    names: () => readdirSync(pathBytes(prefix), { encoding: "latin1" }).sort(),
    readlink: (name: string) => readlinkSync(at(name), { encoding: "buffer" }),
    close: () => closeSync(fd),
  };
  if (native === null) {
    return {
      ...common,
      stat: (name, stat) => fillStat(lstatSync(at(name), { bigint: true, throwIfNoEntry: false }), stat),
      statSelf: (stat) => void fillStat(fstatSync(fd, { bigint: true }), stat),
      statOpen: (file, stat) => void fillStat(fstatSync(file, { bigint: true }), stat),
      open: (name) => openSync(at(name), READ),
      xattrs: () => [],
      hasXattrs: () => false,
      selfHasXattrs: () => false,
    };
  }
  return {
    ...common,
    stat: (name, stat) => native.statAt(fd, name, stat),
    statSelf: (stat) => native.statOf(fd, stat),
    statOpen: native.statOf,
    open: (name) => native.openAt(fd, name, READ),
    xattrs: (name) => native.readXattrs(at(name)),
    hasXattrs: native.hasXattrs,
    selfHasXattrs: () => native.hasXattrs(fd),
  };
}

/** Opens a directory whose path may be longer than the kernel takes, a stretch at a time. */
function openDeep(path: string): number {
  if (path.length < PATH_BYTES) return openSync(pathBytes(path), DIRECTORY);
  let fd = -1;
  for (let rest = path; rest !== ""; ) {
    const cut = rest.length < PATH_BYTES ? rest.length : rest.lastIndexOf("/", PATH_BYTES);
    const stretch = rest.slice(0, cut);
    const next = openSync(pathBytes(fd < 0 ? stretch : `/proc/self/fd/${fd}/${stretch}`), DIRECTORY);
    if (fd >= 0) closeSync(fd);
    fd = next;
    rest = rest.slice(cut + 1);
  }
  return fd;
}
