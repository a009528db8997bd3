/** Loads the native calls once per thread, when they are first asked for. */
import { type CLibrary, loadCLibrary } from "./c-library.ts";
import { deviceId } from "./device.ts";
import { errnoError } from "./errno.ts";
import type { Native } from "./native.ts";
import { pathScratch } from "./path-scratch.ts";
import { socketCalls } from "./socket-calls.ts";
import { statCalls } from "./stat-calls.ts";
import { timeCalls } from "./times.ts";
import { unnamedCalls } from "./unnamed-file.ts";
import { xattrCalls } from "./xattr.ts";

const ENXIO = 6;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** Either the calls, or why there are none (for a warning). */
export type NativeSupport = { native: Native; missing?: never } | { native: null; missing: string };

let loaded: NativeSupport | undefined;

/**
 * The native calls of this system. Absent on anything but 64-bit Linux, where koffi cannot be loaded, and
 * when DATADB_NATIVE=off: then xattrs, special files, holes and exact times are out of reach, and whoever
 * meets something that needs them warns and ends with exit code 3.
 */
export function nativeSupport(): NativeSupport {
  loaded ??= load();
  return loaded;
}

function load(): NativeSupport {
  if (process.env["DATADB_NATIVE"] === "off") return { native: null, missing: "DATADB_NATIVE is off" };
  if (process.platform !== "linux" || !["x64", "arm64", "riscv64", "loong64"].includes(process.arch)) {
    return { native: null, missing: `not supported on ${process.platform} ${process.arch}` };
  }
  try {
    return { native: bindNative(loadCLibrary()) };
  } catch (error) {
    return { native: null, missing: `koffi could not be loaded: ${(error as Error).message}` };
  }
}

function bindNative(c: CLibrary): Native {
  const pathOf = pathScratch();
  const seek = (fd: number, offset: number, whence: number): number | null => {
    const at = c.lseek(fd, offset, whence);
    if (at >= 0) return at;
    const errno = c.errno();
    if (errno === ENXIO) return null;
    throw errnoError(errno, "lseek");
  };
  return {
    ...xattrCalls(c),
    ...statCalls(c),
    ...socketCalls(c),
    ...timeCalls(c),
    ...unnamedCalls(c),
    makeNode(path, mode, device) {
      const id = device === undefined ? 0n : deviceId(device.major, device.minor);
      if (c.mknod(pathOf(path), mode, id) < 0) throw errnoError(c.errno(), "mknod", path);
    },
    seekData: (fd, offset) => seek(fd, offset, SEEK_DATA),
    seekHole: (fd, offset) => seek(fd, offset, SEEK_HOLE) ?? offset,
  };
}
