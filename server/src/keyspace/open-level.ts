/** Opens one of the store's two LevelDBs, and says what it means when that fails. */
import { readdir } from "node:fs/promises";
import { makeDirectories } from "@datadb/backends";
import { BackendUnavailableError, DamagedError, DiskFullError, StoreLockedError } from "@datadb/protocol";
import { ClassicLevel } from "classic-level";

/** Keys and values are bytes. */
export type Level = ClassicLevel<Buffer, Buffer>;

/** Codes of the error and of everything that caused it. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let at = error; at instanceof Error && codes.length < 8; at = at.cause) {
    if ("code" in at && typeof at.code === "string") codes.push(at.code);
  }
  return codes;
}

function deepestMessage(error: unknown): string {
  let message = String(error);
  for (let at = error; at instanceof Error; at = at.cause) message = at.message;
  return message;
}

/** Whether LevelDB says that its files are not what it wrote; a table that is cut short is an "invalid argument" to it. */
function isDamage(message: string): boolean {
  return /^corruption|\.(ldb|sst): invalid argument|missing files|no such file|does not exist/i.test(message);
}

/** The datadb error for an error of LevelDB; others are returned as they are. */
export function levelError(location: string, error: unknown): Error {
  const message = deepestMessage(error);
  const codes = codesOf(error);
  if (codes.includes("LEVEL_LOCKED"))
    return new StoreLockedError(`${location} is held by another process`, { cause: error });
  if (/no space left|quota exceeded/i.test(message)) {
    return new DiskFullError(`${location} cannot be written: ${message}`, { cause: error });
  }
  const own =
    codes.some((code) => code.startsWith("LEVEL_")) ||
    /^(io error|corruption|invalid argument)\b/i.test(message);
  if (!own) return error instanceof Error ? error : new Error(message);
  if (codes.includes("LEVEL_CORRUPTION") || isDamage(message.replace(/^io error: /i, ""))) {
    return new DamagedError(`${location} is damaged: ${message}`, {
      cause: error,
      next: "run datadb rebuild: it makes it anew from the packs, and loses nothing that is in them",
      fields: { path: location },
    });
  }
  return new BackendUnavailableError(`${location} cannot be used: ${message}`, { cause: error });
}

/** The result of work on a LevelDB; its errors as levelError says. */
export async function guardLevel<T>(level: Level, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw levelError(level.location, error);
  }
}

/**
 * Whether a power cut may have torn a hole into what was written last: when its buffer is full, LevelDB begins a new log without having
 * synced the old one, and removes that only when it is a table. The LevelDB must be closed.
 */
export async function mayHaveHole(location: string): Promise<boolean> {
  const names = await readdir(location).catch(() => []);
  return names.filter((name) => name.endsWith(".log")).length > 1;
}

/**
 * Opens the LevelDB, which is made when it is not there. Errors: STORE_LOCKED, DAMAGED (saying `datadb rebuild`), DISK_FULL,
 * BACKEND_UNAVAILABLE.
 */
export async function openLevel(
  location: string,
  options: { writeBufferBytes?: number } = {},
): Promise<Level> {
  await makeDirectories(location);
  const level: Level = new ClassicLevel(location, {
    keyEncoding: "buffer",
    valueEncoding: "buffer",
    writeBufferSize: options.writeBufferBytes ?? 8 * 1024 * 1024,
    cacheSize: 16 * 1024 * 1024,
    maxOpenFiles: 256,
  });
  try {
    await level.open();
  } catch (error) {
    throw levelError(location, error);
  }
  return level;
}
