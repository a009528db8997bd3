/**
 * A wrapper through which nothing can be put or removed, for a store on a read-only or foreign disk:
 * `read-only: { to: { blobsfile: { path: /mnt/old/blobs } } }`.
 */
import { ReadOnlyError } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendOptions } from "../backend-options.ts";
import type { OpenContext } from "../open-backend.ts";

/** The same records, without the ways to change them: what changes something rejects with READ_ONLY. */
export function readOnly(inner: Backend): Backend {
  const description = `read-only ${inner.description}`;
  const refuse = async (): Promise<never> => {
    throw new ReadOnlyError(`${description} accepts no changes`);
  };
  return {
    type: "read-only",
    description,
    capabilities: { ...inner.capabilities, writable: false },
    inner: [inner],
    ...(inner.namesIn === undefined ? {} : { namesIn: () => inner.namesIn?.() ?? null }),
    moreNamesIn: () => inner.moreNamesIn?.() ?? [],
    hasMany: (kind, names, signal) => inner.hasMany(kind, names, signal),
    putMany: refuse,
    getMany: (kind, names, signal) => inner.getMany(kind, names, signal),
    ...(inner.withPlaces === undefined ? {} : { withPlaces: inner.withPlaces }),
    statMany: (kind, names, signal) => inner.statMany(kind, names, signal),
    list: (kind, signal, pack) => inner.list(kind, signal, pack),
    packs: (kind) => inner.packs(kind),
    distrustMany: refuse,
    setAside: refuse,
    removeMany: refuse,
    replaceMany: refuse,
    compact: refuse,
    // A log replay or a rebuild flushes whatever it wrote, also when that was nothing.
    flush: async () => {},
    reindex: (signal) => inner.reindex(signal),
    counters: () => ({}),
    close: () => inner.close(),
  };
}

/** Opens `to` so that it, too, leaves the disk as it is. */
export async function openReadOnly(options: BackendOptions, context: OpenContext): Promise<Backend> {
  const child = options.child("to");
  options.done();
  return readOnly(await context.openChild(child, { readOnly: true }));
}
