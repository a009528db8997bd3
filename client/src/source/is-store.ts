/** Whether a directory is that of a store: nothing of it belongs in its own backups, and nothing of them in it. */
import { existsSync, readFileSync } from "node:fs";

const STORE_CONFIG = "config.yaml";
const STORE_DATABASE = "meta";

/** Whether it may be one, by the names in it. */
export function looksLikeStore(names: readonly string[]): boolean {
  return names.includes(STORE_CONFIG) && names.includes(STORE_DATABASE);
}

/** @param directory Ends without a slash. @param storeId Hex. */
export function isStore(directory: Buffer, storeId: string): boolean {
  const within = (name: string): Buffer => Buffer.concat([directory, Buffer.from(`/${name}`)]);
  try {
    return existsSync(within(STORE_DATABASE)) && readFileSync(within(STORE_CONFIG), "utf8").includes(storeId);
  } catch {
    return false;
  }
}
