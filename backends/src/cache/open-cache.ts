/**
 * A wrapper that keeps copies of records on a local disk, for a backend that is slow or costs by the request:
 * `cache: { to: { ... }, path: cache, size: 1073741824 }`.
 */
import type { Backend } from "../backend.ts";
import type { BackendOptions } from "../backend-options.ts";
import { decodeLocation, isDistrusted, recordKeyRange } from "../blobsfile/location.ts";
import type { OpenContext } from "../open-backend.ts";
import type { RecordIndex } from "../record-index.ts";
import { createCache } from "./create-cache.ts";
import { createKeptRecords, type KeptRecords, keptBytes } from "./kept-records.ts";
import { openRecency } from "./recency.ts";

const MIB: number = 1024 * 1024;
/** Packs of a cache are small parts of it, so that space comes back soon. */
const PACKS = 16;

async function* keptIn(index: RecordIndex): AsyncGenerator<readonly [Buffer, number]> {
  for (const kind of ["data", "node", "log"] as const) {
    const [from, to] = recordKeyRange(kind);
    for await (const [key, value] of index.entries(from, to))
      if (!isDistrusted(value)) yield [Buffer.from(key), keptBytes(decodeLocation(value).payloadLength)];
  }
}

/** The blobsfile of the cache; one whose packs are gone begins anew. */
async function openPlace(
  context: OpenContext,
  at: string,
  options: { path: string; maxPackBytes: number },
): Promise<{ backend: Backend; index: RecordIndex }> {
  let index: RecordIndex | undefined;
  const open = (): Promise<Backend> =>
    context.openChild(
      { config: { blobsfile: options }, at },
      {
        // What a cache finds after a crash concerns nobody.
        recovered: () => {},
        onIndex(_, asked) {
          index ??= asked;
        },
      },
    );
  let backend: Backend;
  try {
    backend = await open();
  } catch (error) {
    if ((error as { code?: unknown }).code !== "STORE_MISSING_KNOWN" || index === undefined) throw error;
    await index.clear();
    backend = await open();
  }
  return { backend, index: index! };
}

async function openKept(context: OpenContext, at: string, path: string, size: number): Promise<KeptRecords> {
  const maxPackBytes = Math.min(Math.max(Math.floor(size / PACKS), MIB), 256 * MIB);
  const { backend, index } = await openPlace(context, at, { path, maxPackBytes });
  try {
    const ticks = context.index(`cache:${encodeURIComponent(path)}`);
    return createKeptRecords(backend, await openRecency(ticks, keptIn(index)), size, context.warn);
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** Opens `to`, and the cache before it. A store that is opened to be read alone goes without the cache. */
export async function openCache(options: BackendOptions, context: OpenContext): Promise<Backend> {
  const child = options.child("to");
  const path = options.text("path", "cache");
  const size = options.integer("size", { min: MIB, max: Number.MAX_SAFE_INTEGER, fallback: 1024 * MIB });
  options.done();
  // First: its indexes are the store's, and that of the cache is nobody's.
  let first: string | null = null;
  const inner = await context.openChild(child, {
    onIndex(asked, index) {
      first ??= asked;
      context.onIndex?.(asked, index);
    },
  });
  if (context.readOnly) return inner;
  try {
    const kept = await openKept(context, options.at, path, size);
    return createCache(inner, kept, () => (inner.namesIn === undefined ? first : inner.namesIn()));
  } catch (error) {
    await inner.close().catch(() => undefined);
    throw error;
  }
}
