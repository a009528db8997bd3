/** The part of the configuration that sessions are told. */
import type { StoreInfo } from "../database.ts";
import type { StoreConfig } from "./store-config.ts";

export function storeInfo(
  directory: string,
  { id, hash, format, chunker, timezone }: StoreConfig,
): StoreInfo {
  return { directory, id, hash, format, chunker, timezone };
}
