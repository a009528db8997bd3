/** The Backend object over shelves, one for each kind, whatever their packs are made of: which operation goes where, and when it may begin. */
import { type BlobRecord, RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import type {
  Backend,
  Capabilities,
  CompactOptions,
  CompactSummary,
  PackFacts,
  PackListing,
  RecordInfo,
  ReindexSummary,
} from "./backend.ts";
import { distrustMany } from "./blobsfile/distrust.ts";
import { fileError } from "./blobsfile/file-error.ts";
import { hasMany } from "./blobsfile/has-many.ts";
import type { IndexedShelf } from "./blobsfile/indexed-shelf.ts";
import { removeMany } from "./blobsfile/remove-many.ts";
import { byKind } from "./by-kind.ts";
import { createOpeningGate } from "./opening-gate.ts";

/** Bounds the memory of what is accepted and not yet in the index (200 to 300 bytes a record). */
const MAX_ACCEPTED_RECORDS = 65_536;

/** What differs between backends of packs; see Backend for what each must do. */
export interface ShelfVerbs<S extends IndexedShelf> {
  /** `ready` is awaited before each part of the work begins. */
  put(groups: readonly (readonly [S, readonly BlobRecord[]])[], ready: () => Promise<void>): Promise<void>;
  /** Records that were accepted and are not in the index yet. */
  accepted(shelf: S): number;
  getMany(shelf: S, names: readonly Buffer[], signal?: AbortSignal): Promise<(BlobRecord | null)[]>;
  statMany(shelf: S, names: readonly Buffer[]): (RecordInfo | null)[];
  list(shelf: S, signal?: AbortSignal, pack?: string): AsyncIterable<PackListing>;
  packFacts(shelf: S): Promise<PackFacts[]>;
  setAside(shelf: S, names: readonly Buffer[]): Promise<string[]>;
  replaceMany(shelf: S, records: readonly BlobRecord[]): Promise<void>;
  /** Adds what was done to the summary. */
  compactShelf(
    shelf: S,
    shelves: readonly S[],
    options: CompactOptions,
    summary: CompactSummary,
  ): Promise<void>;
  flush(shelves: readonly S[]): Promise<void>;
  reindex(signal?: AbortSignal): Promise<ReindexSummary>;
  /** Besides packs-lost. */
  counters(): Record<string, number>;
  /** Flushes and releases, when nothing else runs any more. */
  shut(): Promise<void>;
}

export interface ShelvedPlace {
  readonly type: string;
  readonly description: string;
  readonly readOnly: boolean;
  readonly capabilities: Pick<Capabilities, "cold">;
  /** Further methods; `enter` is to be awaited by each. */
  more?(enter: (signal?: AbortSignal) => Promise<void>): Partial<Backend>;
}

/** A ready backend over these shelves. */
export function createShelvedBackend<S extends IndexedShelf>(
  shelves: readonly S[],
  verbs: ShelfVerbs<S>,
  { type, description, readOnly, capabilities, more }: ShelvedPlace,
): Backend {
  const gate = createOpeningGate(description, readOnly);
  const { enter, enterWritable, reindex, close } = gate;
  const shelfOf = (kind: RecordKind): S => shelves.find((shelf) => shelf.kind === kind)!;
  return {
    type,
    description,
    capabilities: { ...capabilities, ranged: true, durable: true, writable: !readOnly },
    inner: [],
    ...more?.(enter),
    hasMany: (kind, names, signal) => enter(signal).then(() => hasMany(shelfOf(kind), names, signal)),
    async putMany(records, signal) {
      await enterWritable(signal);
      const groups = byKind(records).map(([kind, some]) => [shelfOf(kind), some] as const);
      await verbs.put(groups, enter);
      if (shelves.some((shelf) => verbs.accepted(shelf) > MAX_ACCEPTED_RECORDS)) await verbs.flush(shelves);
    },
    getMany: (kind, names, signal) => enter(signal).then(() => verbs.getMany(shelfOf(kind), names, signal)),
    statMany: (kind, names, signal) => enter(signal).then(() => verbs.statMany(shelfOf(kind), names)),
    async *list(kind, signal, pack) {
      await enter(signal);
      yield* verbs.list(shelfOf(kind), signal, pack);
    },
    packs: (kind) => enter().then(() => verbs.packFacts(shelfOf(kind))),
    distrustMany: (kind, names) => enterWritable().then(() => distrustMany(shelfOf(kind), names)),
    setAside: (kind, names) => enterWritable().then(() => verbs.setAside(shelfOf(kind), names)),
    removeMany: (kind, names) => enterWritable().then(() => removeMany(shelfOf(kind), names)),
    replaceMany: (kind, records) => enterWritable().then(() => verbs.replaceMany(shelfOf(kind), records)),
    compact: (options) => gate.compact(options.signal, () => compact(shelves, verbs, description, options)),
    flush: (kinds = RECORD_KINDS) =>
      enter().then(() => verbs.flush(shelves.filter(({ kind }) => kinds.includes(kind)))),
    reindex: (signal) => reindex(signal, () => verbs.reindex(signal)),
    counters: () => ({
      ...verbs.counters(),
      "packs-lost": shelves.reduce((sum, { lostFrom }) => sum + lostFrom.size, 0),
    }),
    close: () => close(verbs.shut),
  };
}

/** See Backend.compact. Nodes first: what is left of removed ones must not outlive what they refer to. */
async function compact<S extends IndexedShelf>(
  shelves: readonly S[],
  verbs: ShelfVerbs<S>,
  description: string,
  options: CompactOptions,
): Promise<CompactSummary> {
  const summary: CompactSummary = { packs: 0, returned: 0, rewritten: 0, unused: 0 };
  await verbs.flush(shelves);
  for (const kind of ["node", "data", "log"] as const) {
    const shelf = shelves.find((one) => one.kind === kind)!;
    try {
      await verbs.compactShelf(shelf, shelves, options, summary);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw fileError("compact", description, error);
    }
  }
  return summary;
}
