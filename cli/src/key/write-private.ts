/** Writes a new file that only its owner can read, durably, and whole or not at all. */
import { randomBytes } from "node:crypto";
import { link, open, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DiskFullError, ExistsError, UsageError } from "@datadb/protocol";

const OWNER_ONLY = 0o600;

/** Throws EXISTS rather than replace anything: it may be the only key to something. DISK_FULL leaves nothing behind. */
export async function writePrivate(path: string, content: string | Buffer): Promise<void> {
  // A half of a key under the name itself could never be replaced.
  const aside = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const file = await open(aside, "wx", OWNER_ONLY);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(aside, path);
    await rm(aside);
    const directory = await open(dirname(resolve(path)));
    await directory.sync().finally(() => directory.close());
  } catch (cause) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw failureOf(path, cause as NodeJS.ErrnoException);
  }
}

function failureOf(path: string, cause: NodeJS.ErrnoException): Error {
  const { code, message } = cause;
  if (code === "EEXIST")
    return new ExistsError(`${path} is there already, and may be the only key to something`, {
      next: "choose another name",
      fields: { path },
    });
  if (code === "ENOSPC" || code === "EDQUOT")
    return new DiskFullError(`${path} cannot be written: ${message}`, {
      next: "free some space, or choose another place",
      cause,
      fields: { path },
    });
  return new UsageError(`${path} cannot be written: ${message}`, { next: "choose another place", cause });
}
