/** What files are read with, warm before there is a mount: what is done for the first time would keep the first reader waiting. */
import { setTimeout as delay } from "node:timers/promises";
import { type Connection, listBackups, nodeCache } from "@datadb/client";
import { decodeMeta } from "@datadb/protocol";
import { type BlobCache, createBlobCache } from "../content/blob-cache.ts";
import type { FileSurroundings } from "../content/open-file.ts";
import { fetchWarmDirectories, NO_DIRECTORIES, type WarmDirectories } from "./warm-directories.ts";
import { warmUp } from "./warm-up.ts";

/** One reader may be so far ahead; a quarter of the cache at most, so that others keep their place. */
const MOST_AHEAD = 16 << 20;
/** A store that does not answer must not keep the mount from being made. */
const WARM_MS = 1000;

export interface PreparedContent extends FileSurroundings {
  cache: BlobCache;
  warm: WarmDirectories;
}

/** `cacheBytes` of chunks are kept decoded. The caller closes the cache. */
export async function prepareContent(connection: Connection, cacheBytes: number): Promise<PreparedContent> {
  const { hash } = await connection.facts();
  const cache = createBlobCache(connection, hash, cacheBytes);
  const content: PreparedContent = {
    warm: NO_DIRECTORIES,
    fetch: nodeCache(connection, hash).fetch,
    hash,
    cache,
    mostAhead: Math.min(MOST_AHEAD, cacheBytes / 4),
  };
  await within(warm(connection, content), WARM_MS);
  return content;
}

async function warm(connection: Connection, content: PreparedContent): Promise<void> {
  const [backups] = await Promise.all([listBackups(connection, { limit: 1 }), content.cache.start()]);
  const [newest] = backups;
  if (newest === undefined) return;
  const [root] = await content.fetch([Buffer.from(newest.ref, "hex")]);
  const meta = decodeMeta(root!);
  content.warm = await fetchWarmDirectories(connection, meta, content);
  await warmUp(connection, content.hash, meta, content);
}

/** Resolves when the work is done, has failed, or takes too long: nobody need know. */
async function within(work: Promise<void>, milliseconds: number): Promise<void> {
  const time = new AbortController();
  const late = delay(milliseconds, undefined, { signal: time.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), late]);
  time.abort();
}
