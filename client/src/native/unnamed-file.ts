/** Files that have no name until they are complete: nothing is left behind when the writer is killed. */
import { constants } from "node:fs";
import type { CLibrary } from "./c-library.ts";
import { errnoError } from "./errno.ts";
import type { Native } from "./native.ts";
import { pathScratch } from "./path-scratch.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_EMPTY_PATH = 0x1000;
const O_TMPFILE_BIT = 0o20000000;
const O_CLOEXEC = 0o2000000;
const ENOENT = 2;
const EINVAL = 22;
/** What kernels and file systems answer that do not know the flag: EISDIR, EINVAL, EOPNOTSUPP, ENOSYS. */
const UNSUPPORTED = new Set([21, EINVAL, 95, 38]);

export function unnamedCalls(c: CLibrary): Pick<Native, "openUnnamed" | "linkFile"> {
  const here = Buffer.from(".\0");
  const empty = Buffer.from("\0");
  const nameOf = pathScratch();
  const flags = O_TMPFILE_BIT | constants.O_DIRECTORY | O_CLOEXEC | constants.O_WRONLY;
  // Linking by descriptor alone is cheaper, but needs a privilege before Linux 6.10.
  let byDescriptor = true;

  return {
    openUnnamed(directory, mode) {
      const fd = c.openat(directory, here, flags, mode);
      if (fd >= 0) return fd;
      const errno = c.errno();
      if (UNSUPPORTED.has(errno)) return null;
      throw errnoError(errno, "openat");
    },
    linkFile(fd, directory, name) {
      const named = nameOf(name);
      if (byDescriptor) {
        if (c.linkat(fd, empty, directory, named, AT_EMPTY_PATH) === 0) return;
        const errno = c.errno();
        if (errno !== ENOENT && errno !== EINVAL) throw errnoError(errno, "linkat", name);
        byDescriptor = false;
      }
      const path = Buffer.from(`/proc/self/fd/${fd}\0`);
      if (c.linkat(AT_FDCWD, path, directory, named, AT_SYMLINK_FOLLOW) === 0) return;
      throw errnoError(c.errno(), "linkat", name);
    },
  };
}
