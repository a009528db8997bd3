/** Finds out whether a directory is a store, and which. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BackendUnavailableError, NoStoreError } from "@datadb/protocol";
import { parseConfig } from "./parse-config.ts";
import type { StoreConfig } from "./store-config.ts";

/** The file that makes a directory a store. */
export const CONFIG_FILE = "config.yaml";

/** The configuration of the store in `directory`. Errors: NO_STORE, FORMAT_TOO_NEW, USAGE with key and line, BACKEND_UNAVAILABLE. */
export async function readConfig(directory: string): Promise<StoreConfig> {
  const path = join(directory, CONFIG_FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new NoStoreError(`${directory} is no datadb store: it has no ${CONFIG_FILE}`, {
        cause,
        next: "name the store's directory with --store or DATADB_STORE, or make one with datadb init",
        fields: { path: directory },
      });
    }
    throw new BackendUnavailableError(`${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      fields: { path },
    });
  }
  return parseConfig(text, path);
}
