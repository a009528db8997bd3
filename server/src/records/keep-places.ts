/** The namespaces of a store that is being opened. */

import type { Closers } from "../store/closers.ts";
import { indexPrefix, levelRecordIndex } from "../store/level-record-index.ts";
import type { Local } from "../store/open-local.ts";
import type { StoreConfig } from "../store/store-config.ts";
import { openRecordPlaces, type RecordPlaces } from "./record-places.ts";

/** Their indexes are in local/; they are closed with the store. */
export function keepPlaces(
  local: Local,
  { records: config }: StoreConfig,
  { directory, warn }: { directory: string; warn(message: string): void },
  closers: Closers,
): RecordPlaces {
  const index = (scope: string) => levelRecordIndex(local.level, indexPrefix(scope));
  const places = openRecordPlaces({ directory, warn, config, index });
  closers.add(() => places.close());
  return places;
}
