/** The C library's functions, typed: the only module that knows koffi. Linux, 64 bit. */
import { createRequire } from "node:module";

type Bytes = Uint8Array | null;

/** Functions return -1 on failure; `errno()` then says why and must be asked before any other call. */
export interface CLibrary {
  errno(): number;
  lgetxattr(path: Bytes, name: Bytes, value: Bytes, size: number): number;
  llistxattr(path: Bytes, list: Bytes, size: number): number;
  lsetxattr(path: Bytes, name: Bytes, value: Bytes, size: number, flags: number): number;
  lremovexattr(path: Bytes, name: Bytes): number;
  utimensat(directory: number, path: Bytes, times: Bytes, flags: number): number;
  futimens(fd: number, times: Bytes): number;
  mknod(path: Bytes, mode: number, device: bigint): number;
  fsetxattr(fd: number, name: Bytes, value: Bytes, size: number, flags: number): number;
  fremovexattr(fd: number, name: Bytes): number;
  openat(directory: number, name: Bytes, flags: number, mode: number): number;
  linkat(from: number, path: Bytes, directory: number, name: Bytes, flags: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  statx(directory: number, path: Bytes, flags: number, mask: number, stat: Bytes): number;
  flistxattr(fd: number, list: Bytes, size: number): number;
  getsockopt(fd: number, level: number, option: number, value: Bytes, length: Bytes): number;
  setsockopt(fd: number, level: number, option: number, value: Bytes, length: number): number;
}

/** Loads koffi and binds the functions. Throws when koffi or a function is missing. */
export function loadCLibrary(): CLibrary {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  // null: the running process, whose C library (glibc or musl) is loaded already.
  const library = koffi.load(null);
  const bind = <T>(prototype: string): T => library.func(prototype) as unknown as T;
  return {
    errno: () => koffi.errno(),
    lgetxattr: bind("intptr_t lgetxattr(void *path, void *name, void *value, size_t size)"),
    llistxattr: bind("intptr_t llistxattr(void *path, void *list, size_t size)"),
    lsetxattr: bind("int lsetxattr(void *path, void *name, void *value, size_t size, int flags)"),
    lremovexattr: bind("int lremovexattr(void *path, void *name)"),
    utimensat: bind("int utimensat(int directory, void *path, void *times, int flags)"),
    futimens: bind("int futimens(int fd, void *times)"),
    mknod: bind("int mknod(void *path, uint32_t mode, uint64_t device)"),
    fsetxattr: bind("int fsetxattr(int fd, void *name, void *value, size_t size, int flags)"),
    fremovexattr: bind("int fremovexattr(int fd, void *name)"),
    // Variadic in C, but on Linux its arguments travel in registers either way.
    openat: bind("int openat(int directory, void *name, int flags, uint32_t mode)"),
    linkat: bind("int linkat(int from, void *path, int directory, void *name, int flags)"),
    lseek: bind("int64_t lseek(int fd, int64_t offset, int whence)"),
    statx: bind("int statx(int directory, void *path, int flags, uint32_t mask, void *stat)"),
    flistxattr: bind("intptr_t flistxattr(int fd, void *list, size_t size)"),
    getsockopt: bind("int getsockopt(int fd, int level, int option, void *value, void *length)"),
    setsockopt: bind("int setsockopt(int fd, int level, int option, void *value, uint32_t length)"),
  };
}
