/** The contract of everything that keeps records: leaves (blobsfile, memory, ...) and wrappers (read-only, mirror, ...) alike. */
import type { BlobRecord, Encoding, RecordKind, WithPlaces } from "@datadb/protocol";
import type { ColdStorage } from "./cold-storage.ts";
import type { DistantReads } from "./distant-reads.ts";
import type { MirrorCare } from "./mirror/mirror-care.ts";

/** What a backend can do, as data: it routes callers, and the contract suite reads it to decide what to test. */
export interface Capabilities {
  /** Reads need hours and a restore job first: log and nodes are never put here. */
  readonly cold: boolean;
  /** One record can be read without fetching its whole pack. */
  readonly ranged: boolean;
  /** Flushed records survive the process. */
  readonly durable: boolean;
  /** Accepts putMany and removeMany; when false both throw READ_ONLY. */
  readonly writable: boolean;
}

/** One record without its payload, and where it lies. */
export interface RecordInfo {
  kind: RecordKind;
  name: Buffer;
  encoding: Encoding;
  /** Name of the blob (same kind) whose content is the dictionary; null unless the encoding is zstd-delta. */
  base: Buffer | null;
  /** Bytes of the content. */
  length: number;
  /** Bytes of the payload, that is, of the content as encoded. */
  payloadLength: number;
  /** The pack's name, unique within the backend, e.g. `blobs-00001`. */
  pack: string;
  /** Where the record begins in its pack, in bytes. */
  offset: number;
}

/** Bytes of a pack that are no valid record: `from` included, `to` excluded. */
export interface DamagedRange {
  from: number;
  to: number;
}

/** What a part of one pack really holds, as found by reading it. */
export interface PackListing {
  pack: string;
  kind: RecordKind;
  /** Valid records, by ascending offset. */
  records: RecordInfo[];
  damaged: DamagedRange[];
  /** Where an incomplete record begins at the pack's end; absent when the pack ends with a whole record. */
  torn?: number;
}

/** One pack, as far as can be said without reading it. */
export interface PackFacts {
  pack: string;
  /** Bytes that it has now. */
  bytes: number;
  /** Its header does not say any more whose it is; its records are read all the same. A reindex mends that. */
  header?: "damaged";
}

/** How space is given back. */
export interface CompactOptions {
  /** A pack is rewritten when more than this part of its bytes, from 0 to 1, belongs to no record any more. */
  unused: number;
  signal?: AbortSignal | undefined;
  /** Told from time to time: bytes of packs that are done, and bytes of all that will be deleted or rewritten. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What giving back space did. Bytes are those of pack files. */
export interface CompactSummary {
  /** Packs that are gone: those without any record, and those whose records were rewritten. */
  packs: number;
  /** Bytes of the packs that are gone, without the bytes that their records take elsewhere now. */
  returned: number;
  /** Bytes of records that were written anew. */
  rewritten: number;
  /** Bytes of removed records that are left in other packs. */
  unused: number;
}

/** The result of a reindex. */
export interface ReindexSummary {
  packs: number;
  records: number;
  /** Bytes of packs that were read. */
  bytes: number;
  /** Ranges of packs that hold no valid record, torn ends included. */
  damaged: number;
}

/**
 * Keeps records, opaquely: a backend never decodes or re-encodes a payload, and returns every field as it was put.
 * The caller has verified names and sizes (verify at one entrance). All names of a backend have one length.
 *
 * - **Namespaces.** The kinds data, node and log are separate: one name may exist in each.
 * - **Order.** Results are in request order; names may repeat in a request.
 * - **Absence.** A record that is not there is 0 or null, never an error. What cannot be reached is an error
 *   (BACKEND_UNAVAILABLE), never absence; what is known but cannot be read intact is DAMAGED. A record whose pack is known to be
 *   lost is DAMAGED for getMany, but absent for hasMany and statMany: so that it is put again.
 * - **Visibility.** A record is visible to hasMany, statMany and getMany from the moment its putMany resolved.
 * - **Durability.** Only flush makes durable. A record that was accepted but not flushed may be gone after a crash, and
 *   is gone when a flush or put throws: then hasMany says so, and the caller puts it again.
 * - **Concurrency.** All methods may be called at the same time within one process. One process at a time: the store's
 *   LevelDB lock, taken before any backend is opened and held until all are closed, is what keeps a second process away;
 *   backends do not lock on their own.
 * - **Cancellation.** A signal is looked at before work begins and between reads; the method then rejects with the signal's
 *   reason. A putMany that began to write finishes: records are accepted whole, never half.
 * - **After close** every method rejects with a TypeError: a mistake of the program.
 */
export interface Backend {
  /** What it is in a configuration: `blobsfile`, `memory`, `read-only`, ... */
  readonly type: string;
  /** Type and place for messages and counters, e.g. `blobsfile /srv/store/blobs`. */
  readonly description: string;
  readonly capabilities: Capabilities;
  /** The backends that this one wraps, in order of the configuration; empty for a leaf. */
  readonly inner: readonly Backend[];
  /** Present where data has to be retrieved before it can be read: getMany then rejects with COLD_DATA. */
  readonly cold?: ColdStorage | undefined;
  /** Present where every request costs: see distantIn. */
  readonly distant?: DistantReads | undefined;
  /** What a check should tell of how the place protects what is kept there, by its own settings: one sentence each. */
  protection?(): Promise<string[]>;
  /** Of a mirror alone: its members and the care for them. */
  readonly mirror?: MirrorCare;
  /**
   * The path (see BackendContext.index) of the index that now holds every record under its own name; null: there is none. A backend without
   * this method has it in the first index that its opening asked for. A wrapper that opens no index of its own passes it on.
   */
  namesIn?(): string | null;
  /** Paths of indexes that hold further data records under their own names. A wrapper that opens no index of its own passes them on. */
  moreNamesIn?(): readonly string[];

  /** 1 for each name that is there, accepted ones included, 0 for each that is not. Any number of names. */
  hasMany(kind: RecordKind, names: readonly Buffer[], signal?: AbortSignal): Promise<Uint8Array>;

  /**
   * Accepts records, of mixed kinds if need be. Idempotent by kind and name: an existing record is kept, as it is, whatever
   * its encoding; the same name put twice at the same time is kept once. Not atomic as a batch: after an error some of
   * its records may be there (hasMany tells), each of them whole. Buffers must not change until it resolves, and are not
   * referenced afterwards. Errors: DISK_FULL, BACKEND_UNAVAILABLE, READ_ONLY.
   */
  putMany(records: readonly BlobRecord[], signal?: AbortSignal): Promise<void>;

  /**
   * Puts records whose names are there already, in another encoding; absent ones are ignored. Until the next flush, and after a crash or
   * an error before it, the old records may be what is read: so the bases of both must be there until then. Errors as putMany.
   */
  replaceMany(kind: RecordKind, records: readonly BlobRecord[]): Promise<void>;

  /**
   * Records by name, null where absent. At most 1,024 names; the caller bounds the bytes it asks for. Reads are coalesced,
   * the record's own checksum, kind and name are verified: DAMAGED names the pack, offset and record of the first bad one
   * and fails the whole call (ask singly to save the others). Payloads may share memory with each other; they are the
   * caller's and never change. The content's hash is not verified here: whoever decodes does.
   */
  getMany(kind: RecordKind, names: readonly Buffer[], signal?: AbortSignal): Promise<(BlobRecord | null)[]>;

  /**
   * Present where records lie in files of this machine: for threads that read and verify by themselves. Calls `use` with where each record is;
   * null: only getMany can tell (absent, lost, damaged, or encoded against a base). The files are open until `use` settles. Nothing is verified: the
   * bytes may be anything, and who does not find the record with that name in them asks getMany, which says what is wrong.
   */
  withPlaces?: WithPlaces;

  /** What the index says about records, without reading them; null where absent. Any number of names. */
  statMany(kind: RecordKind, names: readonly Buffer[], signal?: AbortSignal): Promise<(RecordInfo | null)[]>;

  /**
   * Every record of a kind, read and checked from the packs themselves, not from the index, in order of packs and offsets;
   * what was accepted before the call is included. A pack with many records comes as several listings in a row, so
   * that memory stays bounded. A name can occur twice when it was removed and put again: the later one counts. Removed
   * records may appear until their space is reclaimed. The consumer may stop at any time. With `pack`: of this pack alone.
   */
  list(kind: RecordKind, signal?: AbortSignal, pack?: string): AsyncIterable<PackListing>;

  /** The packs of a kind that are there, in the order in which list reads them. */
  packs(kind: RecordKind): Promise<PackFacts[]>;

  /**
   * These records were found to be damaged: from now on they are absent for hasMany and statMany, so that they are put again, and a put
   * replaces them. getMany still tries, and says DAMAGED when that fails; a record that getMany finds damaged is distrusted by
   * itself. Forgotten by a reindex, which does not list what is damaged. Absent names are no error.
   */
  distrustMany(kind: RecordKind, names: readonly Buffer[]): Promise<void>;

  /** Copies the bytes of these records, as damaged as they are, to where nothing removes them; resolves with the copies' paths. */
  setAside(kind: RecordKind, names: readonly Buffer[]): Promise<string[]>;

  /**
   * Forgets records; absent names are no error. They are gone for hasMany, statMany and getMany when it resolves, durably (one
   * that was never flushed may come back after a crash, like any other that no flush covered). Makes nothing else durable.
   * The caller guarantees that nobody puts the same names meanwhile. Space is reclaimed later, by whole packs, so a reindex
   * may find forgotten records again: their content is never wrong, but what they refer to may be gone. Removals become durable in the
   * order of the calls.
   */
  removeMany(kind: RecordKind, names: readonly Buffer[]): Promise<void>;

  /**
   * Gives back the space of removed records: packs that hold no record are deleted, those with too much unused are rewritten and
   * deleted, short ones are merged. Records keep their names, encodings and bytes; all other calls go on meanwhile, but list may
   * miss records that move. Log packs are never rewritten: the order of their records has a meaning. Packs in which a record is damaged are left
   * alone, and so are those for whose copies the disk has no room, when something could be given back before. May be aborted, or killed, at any point: what is done stays done. One at a time: another one waits. Errors: READ_ONLY, DISK_FULL,
   * BACKEND_UNAVAILABLE.
   */
  compact(options: CompactOptions): Promise<CompactSummary>;

  /**
   * The durability point: when it resolves, every record of these kinds (default: all) whose putMany had resolved before the
   * call is durable. Data first, then the index that says so. Concurrent flushes share one sync; a flush never
   * waits for the sync of a kind it was not asked for; with nothing to do it returns at once. When it throws, the records that could not be made
   * durable are forgotten, not retried: the kernel may have dropped their pages. Errors: DISK_FULL, BACKEND_UNAVAILABLE.
   *
   * Kinds become durable in the order data, node, log, each as it was at the call; after a failure the later ones are not begun.
   * So one flush(["data", "node"]) never makes a node durable before a chunk that was accepted earlier. Two calls in a row may:
   * a node accepted together with its chunk between them is covered by the second call, its chunk by neither.
   */
  flush(kinds?: readonly RecordKind[]): Promise<void>;

  /**
   * Rebuilds the backend's own index from its packs alone, and mends the headers of those that it may write to. Waits for running puts and compactions; all other calls wait for it. After an error or
   * an abort the index is incomplete: records may seem absent until the next open or reindex, which complete it.
   */
  reindex(signal?: AbortSignal): Promise<ReindexSummary>;

  /**
   * Running totals since open for monitoring: blobs-uploaded, bytes-uploaded, blobs-downloaded, bytes-downloaded (payload bytes);
   * records-lost: accepted records, and replacements of others, that a failed flush forgot; and open-fds as of now. Who relies on accepted records over several
   * calls compares records-lost before and after its own flush: the flush that failed may have been somebody else's.
   * packs-lost: packs that are missing, or shorter than the index knows them. ranges-damaged: damage that opening met.
   * A wrapper counts only what it does itself; see `inner` for the rest.
   */
  counters(): Record<string, number>;

  /** Flushes and gives back every resource, whether the flush succeeds or not. Twice is harmless. Wrappers close what they wrap. */
  close(): Promise<void>;
}
