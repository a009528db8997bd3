/** Keeps a copy of damaged bytes where nothing removes it. */
import { join } from "node:path";
import { fileError } from "./file-error.ts";
import type { Shelf } from "./shelf.ts";

/** Beside the packs, where no look for packs finds it. */
const ASIDE_DIRECTORY = "damaged";

/** Resolves with the path of the copy, durable; of one that is there already, too. Errors: DISK_FULL, BACKEND_UNAVAILABLE. */
export async function writeAside({ place }: Shelf, name: string, bytes: Buffer): Promise<string> {
  const { fs, directory } = place;
  const into = join(directory, ASIDE_DIRECTORY);
  const path = join(into, name);
  if ((await fs.stat(path)) !== null) return path;
  try {
    await fs.makeDirectory(into);
    const file = await fs.open(path, "create");
    try {
      await file.write([bytes], 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.syncDirectory(into);
  } catch (error) {
    throw fileError("write", path, error);
  }
  return path;
}
