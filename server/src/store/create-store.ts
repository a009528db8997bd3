/** Makes a new, empty store. */
import { randomBytes } from "node:crypto";
import { chmod, link, open, readdir, rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeDirectories } from "@datadb/backends";
import {
  BackendUnavailableError,
  DiskFullError,
  type HashAlgorithm,
  StoreExistsError,
} from "@datadb/protocol";
import { stringify } from "yaml";
import type { StoreInfo } from "../database.ts";
import { parseConfig } from "./parse-config.ts";
import { CONFIG_FILE } from "./read-config.ts";
import { STORE_FORMAT, type StoreConfig } from "./store-config.ts";
import { storeInfo } from "./store-info.ts";

/** How a store is made. */
export interface CreateOptions {
  /** Default sha256. */
  hash?: HashAlgorithm;
  /** Text of a configuration (YAML): blobs, chunker, timezone, users ...; format, id and hash are the store's own. */
  config?: string;
}

/** Creating a store takes milliseconds: what is older than this nobody is working on. */
const CREATION_MS = 2000;
const LOOK_INTERVAL_MS = 50;

function isRemains(found: readonly string[]): boolean {
  return (
    found.length > 0 && found.every((name) => PARTS.includes(name) || name.startsWith(`${CONFIG_FILE}.new`))
  );
}

/**
 * Removes what a creation that was killed left behind: two empty directories and a configuration that has not got its name yet. One
 * that is under way is waited for. Resolves with what is in the directory then.
 */
async function removeRemains(directory: string): Promise<string[]> {
  let found = await readdir(directory);
  for (const end = Date.now() + CREATION_MS; isRemains(found) && Date.now() < end; ) {
    if (Date.now() - (await stat(directory)).mtimeMs > CREATION_MS) break;
    await delay(LOOK_INTERVAL_MS);
    found = await readdir(directory);
  }
  if (!isRemains(found)) return found;
  for (const name of found) {
    const path = join(directory, name);
    if (!PARTS.includes(name)) await rm(path, { force: true });
    // Only an empty directory goes: rmdir takes no others.
    else await rmdir(path).catch(() => {});
  }
  return readdir(directory);
}

async function refuseOccupied(directory: string): Promise<void> {
  const found = await removeRemains(directory);
  if (found.includes(CONFIG_FILE)) {
    throw new StoreExistsError(`${directory} is a datadb store already`, {
      next: "use it as it is, or choose another directory",
      fields: { path: directory },
    });
  }
  if (found.length > 0) {
    throw new StoreExistsError(`${directory} is not empty: it holds ${found.slice(0, 3).join(", ")}`, {
      next: "choose an empty directory",
      fields: { path: directory },
    });
  }
}

/** Its databases: made before the configuration, whose presence makes the directory a store. */
const PARTS: readonly string[] = ["meta", "local"];

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file appears whole or not at all, since it is what makes the directory a store. */
async function writeConfig(directory: string, text: string): Promise<void> {
  const path = join(directory, CONFIG_FILE);
  const temporary = `${path}.new-${process.pid}`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // Of two who create the store at the same moment one must not replace the other's identity.
    await link(temporary, path);
    await unlink(temporary);
  } catch (error) {
    // Some file systems have no links.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
    await rename(temporary, path);
  }
  await syncDirectory(directory);
}

function configText(config: StoreConfig): string {
  const { format, id, hash, timezone, chunker, blobs, settings } = config;
  return `# A datadb store; docs/configuration.md explains every key. Never change format, id and hash.\n${stringify({ format, id, hash, timezone, chunker, blobs, ...settings })}`;
}

/**
 * Makes a store in `directory`, which must be absent or empty; it and what is in it are for the owner only (0700). Errors:
 * STORE_EXISTS, USAGE (configuration), DISK_FULL, BACKEND_UNAVAILABLE.
 */
export async function createStore(directory: string, options: CreateOptions = {}): Promise<StoreInfo> {
  const path = resolve(directory);
  const own = {
    format: STORE_FORMAT,
    id: randomBytes(16).toString("hex"),
    hash: options.hash ?? "sha256",
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  } satisfies Partial<StoreConfig>;
  const config = { ...parseConfig(options.config ?? "{}", "the given configuration", own), id: own.id };
  try {
    await makeDirectories(path);
    await refuseOccupied(path);
    await chmod(path, 0o700);
    for (const part of PARTS) await makeDirectories(join(path, part));
    await writeConfig(path, configText(config));
    await syncDirectory(dirname(path));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT")
      throw new DiskFullError(`${path}: ${message}`, { cause, fields: { path } });
    if (
      code === "ENOTDIR" ||
      code === "ENOENT" ||
      code === "EACCES" ||
      code === "EPERM" ||
      code === "EROFS" ||
      code === "EEXIST"
    ) {
      throw new BackendUnavailableError(`no store can be made in ${path}: ${message}`, {
        cause,
        next: "choose a directory that you may write to",
        fields: { path },
      });
    }
    throw cause;
  }
  return storeInfo(path, config);
}
