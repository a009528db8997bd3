/** Opens an encrypted store for this process alone, and lets a verb work on its keys. */
import { UsageError } from "@datadb/protocol";
import type { StoreKeys } from "@datadb/server";
import { holdWhenFree } from "../store/hold-when-free.ts";
import { localStore } from "../store/with-connection.ts";
import type { VerbContext } from "../verb.ts";

/** `keyRecord`: sealed keys for a store that has lost its own. Throws USAGE when nothing in the store encrypts. */
export async function withAllKeys<T>(
  context: VerbContext,
  work: (keys: readonly StoreKeys[]) => Promise<T>,
  keyRecord?: Buffer,
): Promise<T> {
  const { directory, options } = localStore(context, { job: "key" });
  const { openDatabase } = await import("@datadb/server");
  options.known?.checkPresent(directory);
  const { warn } = options;
  const opening = { warn, ...(keyRecord ? { keyRecord } : {}) };
  const database = await holdWhenFree(directory, options, () => openDatabase(directory, opening));
  try {
    const keys = database.storeKeys();
    if (keys.length > 0) return await work(keys);
    throw new UsageError(`nothing in the store ${directory} is encrypted`, {
      next: "a store is encrypted from its beginning: make one with datadb init --config FILE, where FILE has blobs: { encrypt: ... }",
    });
  } finally {
    await database.close();
  }
}

/** The one place that --backend names, or the only one. */
export function withKeys<T>(
  context: VerbContext,
  work: (keys: StoreKeys) => Promise<T>,
  keyRecord?: Buffer,
): Promise<T> {
  const named = context.arguments.text("backend");
  return withAllKeys(
    context,
    (all) => {
      const found = named === undefined ? all : all.filter(({ description }) => description.includes(named));
      const [keys] = found;
      if (keys !== undefined && found.length === 1) return work(keys);
      throw new UsageError(
        `${found.length} backends of the store encrypt${named === undefined ? "" : ` and have ${named} in their names`}`,
        `name one with --backend: ${all.map(({ description }) => description).join("; ")}`,
      );
    },
    keyRecord,
  );
}
