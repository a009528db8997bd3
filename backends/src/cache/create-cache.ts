/** The Backend object of a cache: everything is asked of the backend behind it, but content that is here already is not fetched. */
import type { BlobRecord, RecordKind } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { coldIn } from "../cold-in.ts";
import type { KeptRecords } from "./kept-records.ts";

interface Counts {
  hits: number;
  misses: number;
  hitBytes: number;
  missBytes: number;
}

function countersOf({ hits, misses, hitBytes, missBytes }: Counts): Record<string, number> {
  return { hits, misses, "bytes-hit": hitBytes, "bytes-missed": missBytes };
}

interface Request {
  kind: RecordKind;
  names: readonly Buffer[];
  signal: AbortSignal | undefined;
}

/** What is kept and still there: the backend says so, for it may have lost or forgotten it. */
async function hitsOf(
  inner: Backend,
  kept: KeptRecords,
  { kind, names, signal }: Request,
): Promise<(BlobRecord | null)[]> {
  const found = await kept.get(kind, names);
  if (found.every((record) => record === null)) return found;
  const there = await inner.hasMany(kind, names, signal);
  return found.map((record, at) => (there[at] === 1 ? record : null));
}

/** Everything that was asked for, and what of it had to be fetched. */
async function read(
  inner: Backend,
  kept: KeptRecords,
  counts: Counts,
  request: Request,
): Promise<{ found: (BlobRecord | null)[]; fetched: (BlobRecord | null)[] }> {
  const { kind, names, signal } = request;
  signal?.throwIfAborted();
  const found = await hitsOf(inner, kept, request);
  const open = names.map((_, at) => at).filter((at) => found[at] === null);
  counts.hits += names.length - open.length;
  for (const record of found) counts.hitBytes += record?.payload.length ?? 0;
  if (open.length === 0) return { found, fetched: [] };
  const wanted = open.map((at) => names[at]!);
  const fetched = await inner.getMany(kind, wanted, signal);
  for (const [index, at] of open.entries()) {
    const record = fetched[index] ?? null;
    found[at] = record;
    counts.misses += record === null ? 0 : 1;
    counts.missBytes += record?.payload.length ?? 0;
  }
  return { found, fetched };
}

/** What the cache has no part in. */
function forwarded(inner: Backend, namesIn: () => string | null) {
  return {
    type: "cache",
    description: `cache ${inner.description}`,
    capabilities: inner.capabilities,
    inner: [inner],
    namesIn,
    moreNamesIn: () => inner.moreNamesIn?.() ?? [],
    hasMany: (kind, names, signal) => inner.hasMany(kind, names, signal),
    statMany: (kind, names, signal) => inner.statMany(kind, names, signal),
    list: (kind, signal, pack) => inner.list(kind, signal, pack),
    packs: (kind) => inner.packs(kind),
    setAside: (kind, names) => inner.setAside(kind, names),
    compact: (options) => inner.compact(options),
    reindex: (signal) => inner.reindex(signal),
  } satisfies Partial<Backend>;
}

/** `inner` with `kept` before it. `names`: see Backend.namesIn. */
export function createCache(inner: Backend, kept: KeptRecords, names: () => string | null): Backend {
  const counts: Counts = { hits: 0, misses: 0, hitBytes: 0, missBytes: 0 };
  let closing: Promise<void> | null = null;
  /** Grows when records change: what was read before is not kept any more. */
  let epoch = 0;
  /** Replaced, and until a flush perhaps still read as they were. */
  let replaced = new Set<string>();

  const keep = async (records: readonly (BlobRecord | null)[], since: number): Promise<void> => {
    if (since !== epoch) return;
    await kept.keep(
      records.filter(
        (record): record is BlobRecord =>
          record !== null && !replaced.has(`${record.kind}${record.name.toString("latin1")}`),
      ),
    );
  };

  const getMany: Backend["getMany"] = async (kind, names, signal) => {
    if (closing !== null) return inner.getMany(kind, names, signal);
    const since = epoch;
    const { found, fetched } = await read(inner, kept, counts, { kind, names, signal });
    await keep(fetched, since);
    return found;
  };

  const changing = async (kind: RecordKind, names: readonly Buffer[], work: Promise<void>): Promise<void> => {
    epoch += 1;
    await work;
    epoch += 1;
    await kept.forget(kind, names);
  };

  return {
    ...forwarded(inner, names),
    get cold() {
      return coldIn(inner);
    },
    async putMany(records, signal) {
      const since = epoch;
      await inner.putMany(records, signal);
      // The next backup reads the nodes of this one; content is read by a restore, later and elsewhere.
      await keep(
        records.filter(({ kind }) => kind === "node"),
        since,
      );
    },
    async replaceMany(kind, records) {
      for (const { name } of records) replaced.add(`${kind}${name.toString("latin1")}`);
      const names = records.map(({ name }) => name);
      await changing(kind, names, inner.replaceMany(kind, records));
    },
    getMany,
    distrustMany: (kind, names) => changing(kind, names, inner.distrustMany(kind, names)),
    removeMany: (kind, names) => changing(kind, names, inner.removeMany(kind, names)),
    async flush(kinds) {
      const before = new Set(replaced);
      await inner.flush(kinds);
      if (kinds !== undefined) return;
      replaced = new Set([...replaced].filter((id) => !before.has(id)));
    },
    counters: () => ({ ...countersOf(counts), ...kept.counters() }),
    async close() {
      closing ??= (async () => {
        await kept.close();
        await inner.close();
      })();
      await closing;
    },
  };
}
