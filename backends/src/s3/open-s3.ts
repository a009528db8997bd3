/**
 * Records in packs that are objects of a bucket: `s3: { bucket: acme-backups, prefix: db/, region: eu-west-1 }`.
 *
 * Packs are filled in memory and written once; see docs/formats.md for the bytes and docs/backends.md for the options.
 */
import { join } from "node:path";
import { hashLength, RECORD_KINDS } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendContext } from "../backend-context.ts";
import type { BackendOptions } from "../backend-options.ts";
import { nodeFileSystem } from "../node-file-system.ts";
import { createS3 } from "./create-s3.ts";
import { NO_CACHE, openPackCache, type PackCache } from "./pack-cache.ts";
import { createRecentReads } from "./recent-reads.ts";
import { recover } from "./recover.ts";
import { connectS3 } from "./s3-connection.ts";
import { readS3Options } from "./s3-options.ts";
import { type Bucket, createShelf } from "./shelf.ts";

async function cacheOf(bytes: number, directory: string, context: BackendContext): Promise<PackCache> {
  if (bytes === 0 || context.readOnly) return NO_CACHE;
  return openPackCache(context.fs ?? nodeFileSystem, directory, bytes);
}

/** Reads the options, finds what a crash left, and resolves with a ready backend. Errors: see openBackend. */
export async function openS3(given: BackendOptions, context: BackendContext): Promise<Backend> {
  const options = readS3Options(given, context.replaceable);
  const { bucket, prefix } = options;
  const id = encodeURIComponent(`${bucket}/${prefix}`);
  const index = context.index(`s3:${id}`);
  const description = `s3 ${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const connection = await connectS3(options, context);
  const place: Bucket = {
    connection,
    description,
    directory: description,
    storeId: context.storeId,
    hash: context.hash,
    nameLength: hashLength(context.hash),
    index,
    readOnly: context.readOnly ?? false,
    traits: { conditions: true },
    counts: { uploaded: 0, uploadedBytes: 0, downloaded: 0, downloadedBytes: 0, lost: 0, damaged: 0 },
    recent: createRecentReads(),
    cache: await cacheOf(options.cache, join(context.directory, "cache", id), context),
    fetching: new Map(),
    spent: new Map(),
    listing: null,
    dirty: false,
    soiling: null,
    warn: (message) => context.warn(message),
    recovered: (kind, names) => context.recovered?.(kind, names),
  };
  const shelves = RECORD_KINDS.map((kind) => createShelf(kind, place));
  try {
    await recover(place, shelves);
  } catch (error) {
    connection.close();
    await place.cache.close();
    throw error;
  }
  return createS3(place, shelves);
}
