/**
 * Records in pack files of a local directory: `blobsfile: { path: blobs, maxPackBytes: 268435456 }`.
 *
 * Each kind has its own packs and its own append queue. Opening brings the index up to date with the packs; see
 * docs/formats.md for the bytes and docs/decisions/ for what happens when a disk fails.
 */

import { resolve } from "node:path";
import { hashLength, PACK_SEAL_BYTES, RECORD_KINDS } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendContext } from "../backend-context.ts";
import type { BackendOptions } from "../backend-options.ts";
import { nodeFileSystem } from "../node-file-system.ts";
import { uncachedWrites } from "../uncached-writes.ts";
import { createBlobsfile } from "./create-blobsfile.ts";
import { createReadHandles } from "./read-handles.ts";
import { recover } from "./recover.ts";
import { createShelf, type Place } from "./shelf.ts";

const MIN_PACK_BYTES = 1024;
/** Offsets stay below 2^31, where JavaScript's integers are fastest. */
const MAX_PACK_BYTES = 1024 * 1024 * 1024;

/** What a usual day changes is read soon, and goes through the page cache; what one flush brings beyond it goes to the disk. */
const CACHED_BYTES: number = 32 << 20;

/** Reads the options, recovers what a crash left, and resolves with a ready backend. Errors: see openBackend. */
export async function openBlobsfile(options: BackendOptions, context: BackendContext): Promise<Backend> {
  const path = options.text("path", "blobs");
  const maxPackBytes = options.integer("maxPackBytes", {
    min: MIN_PACK_BYTES,
    max: MAX_PACK_BYTES,
    fallback: PACK_SEAL_BYTES,
  });
  options.done();
  const directory = resolve(context.directory, path);
  const fs = context.fs ?? uncachedWrites(nodeFileSystem, CACHED_BYTES);
  const place: Place = {
    fs,
    directory,
    description: `blobsfile ${directory}`,
    storeId: context.storeId,
    hash: context.hash,
    nameLength: hashLength(context.hash),
    maxPackBytes,
    index: context.index(`blobsfile:${encodeURIComponent(path)}`),
    handles: createReadHandles(fs),
    readOnly: context.readOnly ?? false,
    counts: {
      uploaded: 0,
      uploadedBytes: 0,
      downloaded: 0,
      downloadedBytes: 0,
      lost: 0,
      damaged: 0,
      writing: 0,
    },
    warn: (message) => context.warn(message),
    recovered: (kind, names) => context.recovered?.(kind, names),
  };
  const shelves = RECORD_KINDS.map((kind) => createShelf(kind, place));
  try {
    await recover(place, shelves);
  } catch (error) {
    await place.handles.close();
    throw error;
  }
  return createBlobsfile(place, shelves);
}
