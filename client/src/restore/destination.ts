/** The place where a restore lands: what is in its way, and whether it takes on the backup's attributes. */
import fs from "node:fs";
import { dirname, resolve } from "node:path";
import {
  BackendUnavailableError,
  ExistsError,
  type Meta,
  UnsafePathError,
  UsageError,
} from "@datadb/protocol";
import { isStore } from "../source/is-store.ts";

export interface Destination {
  /** Existed before the restore. */
  existed: boolean;
  empty: boolean;
}

/** Looks, and changes nothing. Throws when the destination is there and is no directory. */
export function inspectDestination(path: string): Destination {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { existed: false, empty: true };
  if (!stat.isDirectory()) {
    throw new ExistsError(`'${path}' exists and is not a directory`, {
      next: "name a directory as the destination",
    });
  }
  return { existed: true, empty: fs.readdirSync(path).length === 0 };
}

/** Refuses a destination in the directory of the store that the backup is in: what replaced something there would ruin it. */
export function refuseStore(path: string, storeId: string): void {
  for (let at = existingPart(resolve(path)); ; at = dirname(at)) {
    if (isStore(Buffer.from(at === "/" ? "" : at), storeId)) {
      throw new UnsafePathError(`'${path}' is in the store itself, in ${at}; nothing was restored`, {
        next: "choose another destination",
        fields: { path },
      });
    }
    if (at === dirname(at)) return;
  }
}

/** Without symbolic links. */
function existingPart(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path === dirname(path) ? path : existingPart(dirname(path));
  }
}

/**
 * Refuses when any of the entries that will appear directly in the destination is there already: what does not
 * exist at the top cannot be in the way below.
 */
export async function refuseConflicts(path: string, entries: AsyncIterable<Meta>): Promise<void> {
  const taken = new Set(fs.readdirSync(path, "buffer").map((name) => name.toString("latin1")));
  for await (const { name } of entries) {
    if (!taken.has(name.toString("latin1"))) continue;
    throw new ExistsError(`'${path}/${name}' exists already; nothing was restored`, {
      next: "choose another destination, or pass --overwrite to replace what is in the way",
      fields: { path: `${path}/${name}` },
    });
  }
}

/** Creates the destination and what is missing above it. */
export function makeDestination(path: string): void {
  if (process.platform !== "linux") {
    throw new UsageError(
      "restoring files needs Linux, where a directory is written through its open descriptor",
    );
  }
  try {
    makeDirectories(resolve(path));
  } catch (cause) {
    const { message } = cause as Error;
    throw new BackendUnavailableError(`the destination '${path}' cannot be made: ${message}`, {
      next: "choose a directory that you may write to",
      fields: { path },
      cause,
    });
  }
}

/** Node's recursive mkdir tries for ever where a directory says ENOENT of what is made in it, as /proc does. */
function makeDirectories(path: string): void {
  try {
    fs.mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && fs.statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || path === dirname(path)) throw error;
    makeDirectories(dirname(path));
    fs.mkdirSync(path);
  }
}
