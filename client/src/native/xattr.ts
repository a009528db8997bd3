/** Extended attributes of a path, never through a symlink. */
import type { CLibrary } from "./c-library.ts";
import { errnoError } from "./errno.ts";
import type { Native, NativePath, Xattr } from "./native.ts";
import { pathScratch } from "./path-scratch.ts";

const ENODATA = 61;
const ERANGE = 34;
const ENOTSUP = 95;
/** The kernel's own limit for a list of names and for a value (XATTR_LIST_MAX, XATTR_SIZE_MAX). */
const LIMIT_BYTES = 65536;

type XattrCalls = Pick<
  Native,
  "readXattrs" | "listXattrs" | "setXattr" | "removeXattr" | "setFileXattr" | "removeFileXattr"
>;

export function xattrCalls(c: CLibrary): XattrCalls {
  const pathOf = pathScratch();
  const nameOf = pathScratch();
  let space = Buffer.alloc(4096);

  /** Runs a call that fills `space`, with more space when it asks for it; -1 becomes the negative errno. */
  function fill(run: () => number): number {
    const size = run();
    if (size >= 0) return size;
    const errno = c.errno();
    if (errno !== ERANGE || space.length >= LIMIT_BYTES) return -errno;
    space = Buffer.alloc(LIMIT_BYTES);
    return fill(run);
  }

  function listXattrs(path: NativePath): Buffer[] {
    const at = pathOf(path);
    const size = fill(() => c.llistxattr(at, space, space.length));
    if (size === 0 || size === -ENOTSUP) return [];
    if (size < 0) throw errnoError(-size, "llistxattr", path);
    const names: Buffer[] = [];
    for (let from = 0; from < size; ) {
      const end = space.indexOf(0, from);
      names.push(Buffer.from(space.subarray(from, end)));
      from = end + 1;
    }
    return names.sort(Buffer.compare);
  }

  function readXattrs(path: NativePath): Xattr[] {
    const all: Xattr[] = [];
    for (const name of listXattrs(path)) {
      const at = pathOf(path);
      const named = nameOf(name);
      const size = fill(() => c.lgetxattr(at, named, space, space.length));
      if (size === -ENODATA) continue; // removed since it was listed
      if (size < 0) throw errnoError(-size, "lgetxattr", path);
      all.push({ name, value: Buffer.from(space.subarray(0, size)) });
    }
    return all;
  }

  return {
    listXattrs,
    readXattrs,
    setXattr(path, name, value) {
      const failed = c.lsetxattr(pathOf(path), nameOf(name), value, value.length, 0) < 0;
      if (failed) throw errnoError(c.errno(), "lsetxattr", path);
    },
    setFileXattr(fd, name, value) {
      const failed = c.fsetxattr(fd, nameOf(name), value, value.length, 0) < 0;
      if (failed) throw errnoError(c.errno(), "fsetxattr");
    },
    removeFileXattr(fd, name) {
      if (c.fremovexattr(fd, nameOf(name)) >= 0) return;
      const errno = c.errno();
      if (errno !== ENODATA && errno !== ENOTSUP) throw errnoError(errno, "fremovexattr");
    },
    removeXattr(path, name) {
      if (c.lremovexattr(pathOf(path), nameOf(name)) < 0) throw errnoError(c.errno(), "lremovexattr", path);
    },
  };
}
