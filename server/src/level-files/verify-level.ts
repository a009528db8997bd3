/**
 * The files of a LevelDB, verified by ourselves: classic-level cannot be told to. Damage within a table would meet an assertion that ends the
 * process; damage in a log would be dropped, and what follows it applied over the hole.
 */
import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DamagedError, DecodeError } from "@datadb/protocol";
import { applyEdit, emptyManifest, type LiveFiles } from "./manifest-edits.ts";
import { verifyLogFile } from "./verify-log-file.ts";
import { verifyTable } from "./verify-table.ts";

/** Tables that are smaller together are read at every opening: that takes a few hundredths of a second. */
const SMALL_BYTES: number = 8 * 1024 * 1024;
/** A LevelDB that is in use gives up files while they are looked at: then so often all is looked at again. */
const LIVE_ATTEMPTS = 5;
const LIVE_INTERVAL_MS = 200;

export interface VerifyOptions {
  /** All tables; else only when they are small together. */
  tables: boolean;
  /** It is open: files come and go. */
  live?: boolean;
  signal?: AbortSignal | undefined;
}

/** Damage, with the file's name. */
class FileDamage extends Error {
  readonly file: string;
  constructor(file: string, problem: string) {
    super(problem);
    this.file = file;
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Runs work on a file of the LevelDB; damage, absence and bad sectors become FileDamage. */
async function onFile<T>(location: string, name: string, work: (path: string) => Promise<T>): Promise<T> {
  try {
    return await work(join(location, name));
  } catch (error) {
    if (error instanceof DecodeError || codeOf(error) === "EIO")
      throw new FileDamage(name, (error as Error).message);
    if (codeOf(error) === "ENOENT") throw new FileDamage(name, "it is missing");
    throw error;
  }
}

async function verifyLog(path: string, onRecord?: (content: Buffer) => void): Promise<void> {
  const file = await open(path, "r");
  try {
    await verifyLogFile(file, onRecord);
  } finally {
    await file.close();
  }
}

/** Null where there is no LevelDB: it would be made. */
async function readManifest(location: string): Promise<LiveFiles | null> {
  const current = await readFile(join(location, "CURRENT"), "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  });
  if (current === null) return null;
  if (!/^MANIFEST-\d+\n$/.test(current)) throw new FileDamage("CURRENT", "it does not name a manifest");
  const files = emptyManifest();
  await onFile(location, current.trimEnd(), (path) =>
    verifyLog(path, (content) => applyEdit(files, content)),
  );
  return files;
}

function isLiveLog({ firstLog, olderLog }: LiveFiles, name: string): boolean {
  const number = /^(\d+)\.log$/.exec(name)?.[1];
  return number !== undefined && (Number(number) >= firstLog || Number(number) === olderLog);
}

/** Tables had another ending once. */
function tableName(names: ReadonlySet<string>, number: number): string {
  const stem = String(number).padStart(6, "0");
  return names.has(`${stem}.sst`) ? `${stem}.sst` : `${stem}.ldb`;
}

async function verifyTableFile(path: string, bytes: number, whole: boolean): Promise<void> {
  const { size } = await stat(path);
  if (size !== bytes) throw new DecodeError(`it has ${size} bytes instead of ${bytes}`);
  if (whole) verifyTable(await readFile(path));
}

async function verifyOnce(location: string, { tables, signal }: VerifyOptions): Promise<void> {
  const files = await readManifest(location);
  if (files === null) return;
  const names = new Set(await readdir(location));
  for (const name of names) {
    signal?.throwIfAborted();
    if (isLiveLog(files, name)) await onFile(location, name, (path) => verifyLog(path));
  }
  const sum = [...files.tables.values()].reduce((total, bytes) => total + bytes, 0);
  for (const [number, bytes] of files.tables) {
    signal?.throwIfAborted();
    const name = tableName(names, number);
    await onFile(location, name, (path) => verifyTableFile(path, bytes, tables || sum <= SMALL_BYTES));
  }
}

/**
 * The error for the first damage in the files of the LevelDB in `location`, or null. It need not be there. The error's field `file` is the
 * damaged one.
 */
export async function verifyLevel(location: string, options: VerifyOptions): Promise<DamagedError | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      await verifyOnce(location, options);
      return null;
    } catch (error) {
      if (!(error instanceof FileDamage)) throw error;
      if (!options.live || attempt === LIVE_ATTEMPTS) {
        const file = join(location, error.file);
        return new DamagedError(`${file} is damaged: ${error.message}`, {
          cause: error,
          next: "run datadb rebuild: it makes it anew from the packs, and loses nothing that is in them",
          fields: { path: location, file },
        });
      }
    }
    await delay(LIVE_INTERVAL_MS);
  }
}
