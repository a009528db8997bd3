/** Stat and open relative to an open directory: short paths, exact nanoseconds, no object per file. */
import type { CLibrary } from "./c-library.ts";
import { errnoError } from "./errno.ts";

/** What statx tells of an entry; the same object is filled again and again. 64-bit ids are two halves. */
export interface EntryStat {
  /** Type bits and permission bits. */
  mode: number;
  links: number;
  uid: number;
  gid: number;
  inodeLow: number;
  inodeHigh: number;
  deviceMajor: number;
  deviceMinor: number;
  /** Bytes. */
  size: number;
  /** Bytes allocated on disk: fewer than `size` in a file with holes. */
  allocated: number;
  mtimeSeconds: number;
  mtimeNanos: number;
  ctimeSeconds: number;
  ctimeNanos: number;
  /** Of the device that a device file stands for. */
  major: number;
  minor: number;
}

/** Synchronous; they throw what node:fs would, and never follow a symlink in the last component. */
export interface StatCalls {
  /** Fills `stat` for the entry `name` (latin1: a character is a byte) of an open directory. False: it is gone. */
  statAt(directory: number, name: string, stat: EntryStat): boolean;
  /** Fills `stat` for an open file. */
  statOf(fd: number, stat: EntryStat): void;
  /** Opens the entry `name` (latin1) of an open directory. */
  openAt(directory: number, name: string, flags: number): number;
  /** Whether an open file has extended attributes. */
  hasXattrs(fd: number): boolean;
}

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const ENOENT = 2;
/** The longest name of an entry, and its end. */
const NAME_SPACE = 4096;

export function statCalls(c: CLibrary): StatCalls {
  const space = Buffer.alloc(256);
  const u32 = new Uint32Array(space.buffer, space.byteOffset, 64);
  const name = Buffer.alloc(NAME_SPACE);
  const nameOf = (text: string): Buffer => {
    name[name.write(text, "latin1")] = 0;
    return name;
  };
  const empty = Buffer.alloc(1);
  const nothing = Buffer.alloc(1);

  function fill(stat: EntryStat): void {
    stat.links = u32[4]!;
    stat.uid = u32[5]!;
    stat.gid = u32[6]!;
    stat.mode = u32[7]! & 0xffff;
    stat.inodeLow = u32[8]!;
    stat.inodeHigh = u32[9]!;
    stat.size = u32[11]! * 0x1_0000_0000 + u32[10]!;
    stat.allocated = (u32[13]! * 0x1_0000_0000 + u32[12]!) * 512;
    stat.ctimeSeconds = (u32[25]! | 0) * 0x1_0000_0000 + u32[24]!;
    stat.ctimeNanos = u32[26]!;
    stat.mtimeSeconds = (u32[29]! | 0) * 0x1_0000_0000 + u32[28]!;
    stat.mtimeNanos = u32[30]!;
    stat.major = u32[32]!;
    stat.minor = u32[33]!;
    stat.deviceMajor = u32[34]!;
    stat.deviceMinor = u32[35]!;
  }

  return {
    statAt(directory, entry, stat) {
      if (c.statx(directory, nameOf(entry), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, space) < 0) {
        const errno = c.errno();
        if (errno === ENOENT) return false;
        throw errnoError(errno, "statx");
      }
      fill(stat);
      return true;
    },
    statOf(fd, stat) {
      if (c.statx(fd, empty, AT_EMPTY_PATH, STATX_BASIC_STATS, space) < 0) {
        throw errnoError(c.errno(), "statx");
      }
      fill(stat);
    },
    openAt(directory, entry, flags) {
      const fd = c.openat(directory, nameOf(entry), flags, 0);
      if (fd < 0) throw errnoError(c.errno(), "openat");
      return fd;
    },
    // A size of 0 asks how many bytes the list of names would take.
    hasXattrs: (fd) => c.flistxattr(fd, nothing, 0) > 0,
  };
}
