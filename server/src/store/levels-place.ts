/** Where the two LevelDBs of a store are opened: in the store, or, when that is on a read-only file system, in a copy that costs little. */
import { constants } from "node:fs";
import { access, copyFile, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReadOnlyError } from "@datadb/protocol";
import { verifyLevel } from "../level-files/verify-level.ts";

/** The parent directory of meta/ and local/. */
export interface LevelsPlace {
  readonly directory: string;
  /** Why nothing can be written to the store; null when it can. */
  readonly refused: ReadOnlyError | null;
  /** To be called when both are closed. */
  remove(): Promise<void>;
}

/** A store that somebody writes to elsewhere changes while it is copied: then it is copied again. */
const COPIES = 5;

/** Why nothing can be written to the store in this directory; null when it can. */
export async function refusedWrites(directory: string): Promise<ReadOnlyError | null> {
  try {
    await access(directory, constants.W_OK);
    return null;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EROFS") return null;
    return new ReadOnlyError(`${directory} is on a read-only file system: nothing can be written to it`, {
      cause,
      next: "mount it for writing, or use a copy of the store in another place; ls, show, cat, restore, check and mount work as it is",
      fields: { path: directory },
    });
  }
}

/** LevelDB writes logs and manifest anew, and only reads tables: of those a link is enough. */
async function copyLevel(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const name of await readdir(from).catch(() => [])) {
    if (name === "LOCK") continue;
    const [source, target] = [join(from, name), join(to, name)];
    if (/\.(ldb|sst)$/.test(name)) await symlink(source, target);
    // Gone since the directory was read: the verification tells whether it is missed.
    else await copyFile(source, target).catch(() => {});
  }
}

async function copyLevels(directory: string, to: string): Promise<void> {
  for (const part of ["meta", "local"]) {
    const [from, copy] = [join(directory, part), join(to, part)];
    for (let attempt = 1; ; attempt++) {
      await copyLevel(from, copy);
      if (attempt === COPIES || (await verifyLevel(copy, { tables: false })) === null) break;
      await rm(copy, { recursive: true });
    }
  }
}

/** Errors: the system's. */
export async function openLevelsPlace(directory: string): Promise<LevelsPlace> {
  const refused = await refusedWrites(directory);
  if (refused === null) return { directory, refused: null, remove: async () => {} };
  const copy = await mkdtemp(join(tmpdir(), "datadb-read-only-"));
  const remove = (): Promise<void> => rm(copy, { recursive: true, force: true });
  try {
    await copyLevels(directory, copy);
  } catch (error) {
    await remove();
    throw error;
  }
  return { directory: copy, refused, remove };
}
