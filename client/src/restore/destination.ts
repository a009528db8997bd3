/** The place where a restore lands: what is in its way, and whether it takes on the backup's attributes. */
import fs from "node:fs";
import { BackendUnavailableError, ExistsError, type Meta, UsageError } from "@datadb/protocol";

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
    fs.mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new BackendUnavailableError(`the destination '${path}' cannot be made: ${reasonOf(path, cause)}`, {
      next: "choose a directory that you may write to",
      fields: { path },
      cause,
    });
  }
}

/** Node calls everything ENOENT when it makes several directories on a file system that is read-only: ask again for one. */
function reasonOf(path: string, cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== "ENOENT") return message;
  try {
    fs.mkdirSync(path);
    return message;
  } catch (error) {
    return (error as Error).message;
  }
}
