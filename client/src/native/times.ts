/** Modification times in nanoseconds: node:fs takes doubles, which cannot hold them. */
import type { CLibrary } from "./c-library.ts";
import { errnoError } from "./errno.ts";
import type { Native } from "./native.ts";
import { pathScratch } from "./path-scratch.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = 0x3ffffffen;
const SECOND = 1_000_000_000n;

export function timeCalls(c: CLibrary): Pick<Native, "setTime" | "setFileTime"> {
  const pathOf = pathScratch();
  // struct timespec[2]: access time, then modification time; seconds and nanoseconds, 8 bytes each.
  const times = Buffer.alloc(32);
  times.writeBigInt64LE(UTIME_OMIT, 8);

  function fill(mtime: bigint): Buffer {
    const rest = ((mtime % SECOND) + SECOND) % SECOND; // before 1970 the fraction still counts forward
    times.writeBigInt64LE((mtime - rest) / SECOND, 16);
    times.writeBigInt64LE(rest, 24);
    return times;
  }

  return {
    setTime(path, mtime) {
      if (c.utimensat(AT_FDCWD, pathOf(path), fill(mtime), AT_SYMLINK_NOFOLLOW) < 0) {
        throw errnoError(c.errno(), "utimensat", path);
      }
    },
    setFileTime(fd, mtime) {
      if (c.futimens(fd, fill(mtime)) < 0) throw errnoError(c.errno(), "futimens");
    },
  };
}
