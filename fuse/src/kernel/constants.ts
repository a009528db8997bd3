/** Numbers of the kernel's FUSE protocol, version 7: operations, error numbers, flags. Permanent: they are the kernel's. */

export const OPCODE = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  readlink: 5,
  open: 14,
  read: 15,
  statfs: 17,
  release: 18,
  getxattr: 22,
  listxattr: 23,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  readdirplus: 44,
  lseek: 46,
} as const;

/** Operations that would change something: SETATTR, SYMLINK, MKNOD ... RENAME2. */
export const CHANGING_OPCODES: ReadonlySet<number> = new Set([
  4, 6, 8, 9, 10, 11, 12, 13, 16, 21, 24, 35, 43, 45, 47, 51,
]);

export const ERRNO = {
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EROFS: 30,
  ERANGE: 34,
  ENOSYS: 38,
  ENODATA: 61,
  EOPNOTSUPP: 95,
} as const;

/** Bits of OPEN's reply. noFlush: nothing is asked when a file is closed. Kernels before 5.17 do not know it, and ask. */
export const OPEN_FLAG = { keepCache: 2, cacheDirectory: 8, noFlush: 32 } as const;

/** Node id of the root. */
export const ROOT_NODE = 1;

/** Bytes before the body of a request and of a reply. */
export const REQUEST_HEADER = 40;
export const REPLY_HEADER = 16;
