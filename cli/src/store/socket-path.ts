/**
 * Where a store's socket lives: a private directory of the user, and a short name, because the kernel takes at
 * most 107 bytes for the path of a socket.
 */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { UnsafePathError } from "@datadb/protocol";

/** sun_path has 108 bytes, one of them the terminating zero. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** 16 hex digits: two stores of one user share a name once in 2^64. */
const NAME_DIGITS = 16;

/** The places of the socket of the store with this real path, best first: the runtime directory, then /tmp. Pure. */
export function socketPaths(
  directory: string,
  environment: NodeJS.ProcessEnv,
  uid: number,
): readonly string[] {
  const name = `${createHash("sha256").update(directory).digest("hex").slice(0, NAME_DIGITS)}.sock`;
  const runtime = environment["XDG_RUNTIME_DIR"];
  const inTmp = join("/tmp", `datadb-${uid}`, name);
  if (!runtime || !isAbsolute(runtime)) return [inTmp];
  const inRuntime = join(runtime, "datadb", name);
  return Buffer.byteLength(inRuntime) <= MAX_SOCKET_PATH_BYTES ? [inRuntime, inTmp] : [inTmp];
}

/**
 * Makes the socket's directory (0700) or checks the one that is there: someone else's, or one that others may
 * write, could hold their socket in place of ours. Throws UnsafePathError, or the system's error.
 */
export function privateDirectory(directory: string, uid: number): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const found = lstatSync(directory);
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return;
  throw new UnsafePathError(
    `${directory} is not a private directory of this user`,
    `remove it, or make it a directory of user ${uid} with mode 0700`,
  );
}
