/** Writes a new file that only its owner can read, durably. */
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ExistsError, UsageError } from "@datadb/protocol";

const OWNER_ONLY = 0o600;

/** Throws EXISTS rather than replace anything: it may be the only key to something. */
export async function writePrivate(path: string, content: string | Buffer): Promise<void> {
  try {
    const file = await open(path, "wx", OWNER_ONLY);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    const directory = await open(dirname(resolve(path)));
    await directory.sync().finally(() => directory.close());
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new ExistsError(`${path} is there already, and may be the only key to something`, {
        next: "choose another name",
        fields: { path },
      });
    throw new UsageError(`${path} cannot be written: ${message}`, { next: "choose another place", cause });
  }
}
