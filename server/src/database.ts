/** What an open store offers to sessions: the keyspace, commits, blobs, leases, and what looks after them. */
import type { ColdStorage, MirrorCare, StoreKeys } from "@datadb/backends";
import type {
  BlobRecord,
  ChunkerParameters,
  HashAlgorithm,
  LogRecord,
  Operation,
  WithPlaces,
} from "@datadb/protocol";
import type { CheckEvent, CheckOptions, CheckSummary } from "./check/check-events.ts";
import type { CollectOptions, CollectorFacts, CollectSummary } from "./gc/collection.ts";
import type { RecordPlaces } from "./records/record-places.ts";

export type {
  AffectedBackup,
  CheckEvent,
  CheckFinding,
  CheckOptions,
  CheckSummary,
} from "./check/check-events.ts";

/** What a store is, as INFO and clients are told. */
export interface StoreInfo {
  /** Absolute path. */
  readonly directory: string;
  /** 16 bytes in hex. */
  readonly id: string;
  readonly hash: HashAlgorithm;
  readonly format: number;
  readonly chunker: ChunkerParameters;
  /** IANA name, e.g. `Europe/Berlin`: what times without a zone mean in this store. */
  readonly timezone: string;
}

/** Parts of config.yaml that the listeners interpret; as written, `env:` and `file:` unresolved. */
export type Settings = { readonly [key: string]: unknown };

/** An open store. One process at a time. */
export interface Database {
  readonly info: StoreInfo;
  /** The sections of config.yaml that the storage engine does not read: users, listeners, tls, http, limits. */
  readonly settings: Settings;
  /** Committed state. */
  readonly keyspace: View;
  readonly commits: CommitLog;
  readonly blobs: BlobStore;
  readonly leases: Leases;
  stats(options?: { perBackup?: boolean; signal?: AbortSignal }): Promise<StoreStats>;
  check(options?: CheckOptions): AsyncGenerator<CheckEvent, CheckSummary>;
  /**
   * Removes what no backup, lease or commit on its way needs, and returns its space. One at a time: BUSY. Throws DAMAGED when a node that
   * is needed cannot be read: then nothing is removed.
   */
  collect(options?: CollectOptions): Promise<CollectSummary>;
  /** Before removing something: gives up the space that is kept aside when the disk is full. */
  makeRoom(): Promise<void>;
  /** Collections of this process. */
  collector(): CollectorFacts;
  /**
   * Whether everything that backups refer to is there as far as anybody knows. When false (packs were lost, local/ was made anew, a
   * check found something), a backup must not rely on an earlier one: what it reads and puts mends what is missing.
   */
  whole(): boolean;
  /** The keys of every backend that encrypts, outermost first. */
  storeKeys(): StoreKeys[];
  /**
   * Counters of every backend that counts, wrappers included, by description (`blobsfile /srv/store/blobs`); of a mirror's members
   * (`mirror blobsfile /srv/copy`) too.
   */
  backendCounters(): Record<string, Record<string, number>>;
  /** Where data lies that cannot be read at once, as far as it is open now; null in most stores. */
  cold(): ColdStorage | null;
  /** The records that are kept for other stores. */
  readonly records: RecordPlaces;
  /** The mirrors that the configuration composes. */
  mirrors(): readonly MirrorCare[];
  /** Waits for running commits, makes everything durable, gives back the lock. Twice is harmless. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Element and value, or key and header. */
export type Entry = readonly [Buffer, Buffer];

/** Which part of an ordered range is wanted. */
export interface RangeOptions {
  /** First one, included; from the beginning when absent. */
  from?: Buffer;
  /** End, excluded; to the end when absent. */
  to?: Buffer;
  /** From the end to the beginning. */
  reverse?: boolean;
  /** At most this many entries. */
  limit?: number;
}

/**
 * Read access to keys: committed state, or a transaction's view of it. Commands do not read headers themselves but use the functions
 * of `keyspace/` (readString, hashGet, hashEntries, setMembers, listRange, keyType, scanKeys ...), which take a View.
 * Names are bytes; the empty database name is the reserved one that backups write (RESERVED_DATABASE).
 */
export interface View {
  /** The header of a key, as docs/formats.md lays it out, or undefined. The buffer must not be changed. Synchronous. */
  header(database: Buffer, key: Buffer): Buffer | undefined;
  /** The value of one element of a large hash, set or list. Synchronous. */
  element(database: Buffer, key: Buffer, element: Buffer): Buffer | undefined;
  /** Elements in byte order, in pages. What is committed meanwhile may or may not be seen. */
  elements(database: Buffer, key: Buffer, options?: RangeOptions): AsyncIterable<readonly Entry[]>;
  /** Keys with their headers in byte order, in pages. */
  headers(database: Buffer, options?: RangeOptions): AsyncIterable<readonly Entry[]>;
  /** False when no key of the database has elements, so that replacing a key needs no look at it. Synchronous. */
  mayHaveElements(database: Buffer): boolean;
  /** Names of the databases that have keys, without the reserved one, in byte order. */
  databases(): Promise<Buffer[]>;
}

/**
 * What an operation answers: set 1; del 1 or 0; hset, sadd, ladd the elements that are new; hdel, srem, ldel the elements that were
 * there; backup, checkpoint 1; forget, pin, unpin, tag 1, or 0 when there is no such backup (or nothing to do).
 */
export type OperationResult = number;

/** How a commit is made. */
export interface CommitOptions {
  /** Idempotence: a commit with the id of one of the last 10,000 transactions is not made again. At most 64 bytes; empty: none. */
  txid?: Buffer;
  /** Every blob that was accepted before the commit is durable before it (implied by a backup operation). */
  blobs?: boolean;
}

/** What a commit answers. */
export interface CommitResult {
  /** The log record that holds it. */
  sequence: number;
  /** One for each operation; empty when `repeated`. */
  results: readonly OperationResult[];
  /** The transaction id was committed before. */
  repeated: boolean;
}

/** Id and time that a coming backup will have. */
export interface BackupReservation {
  backup: Buffer;
  snapshot: Buffer;
  /** RFC 3339 UTC with milliseconds: later than every backup of the snapshot that is listed or reserved, unless it was asked for. */
  timestamp: string;
}

/** The only way to change the keyspace. */
export interface CommitLog {
  /**
   * Commits operations at once or not at all; visible and durable when it resolves. Commits that come while one is on its way
   * share a log record and a sync. Rejects with ReplyError (WRONGTYPE) when an operation does not fit its key, LEASE_LOST when a
   * backup refers to what is not there, TX_TOO_BIG, READ_ONLY (with the reason) when the log cannot be written, DISK_FULL.
   */
  commit(operations: readonly Operation[], options?: CommitOptions): Promise<CommitResult>;
  /**
   * The same for one operation outside a transaction, without a promise for each: `done` is called exactly once, later, with
   * an error or the operation's result. Must not throw.
   */
  submit(operation: Operation, done: (error: Error | null, result: OperationResult) => void): void;
  /** A view in which `operations` are applied on top of the committed state: for reads inside a transaction. */
  begin(): Transaction;
  /**
   * Reserves the time of a backup that a later commit lists. Reserved times are never given again by this process. A `copy` of a
   * backup of another store keeps its time: rejects with ReplyError when it is no time, far in the future, or that of another backup.
   */
  reserveBackup(
    host: Buffer,
    path: Buffer,
    copy?: { timestamp: string; ref: Buffer },
  ): Promise<BackupReservation>;
  /** The last log record: 0 and zeros before the first. */
  head(): { sequence: number; name: Buffer };
  /** The sequence number of the state that the newest checkpoint holds, 0 when there is none. */
  lastCheckpoint(): number;
  /** Writes a checkpoint now; resolves with its sequence number. */
  checkpoint(): Promise<number>;
  /** Why nothing can be committed any more, or null. */
  readOnlyReason(): Error | null;
  /** Log records in order, from the newest checkpoint at the latest. Throws DAMAGED. */
  records(from?: number): AsyncIterable<LogRecord>;
}

/** Operations on their way to a commit, visible to the session that makes them. */
export interface Transaction {
  readonly view: View;
  readonly operations: readonly Operation[];
  /** Bytes of the operations as the log will hold them; commands refuse beyond MAX_TRANSACTION_BYTES. */
  readonly bytes: number;
  /** Applies one operation to the view and remembers it. Rejects with ReplyError (nothing is remembered), TX_TOO_BIG. One at a time. */
  add(operation: Operation): Promise<OperationResult> | OperationResult;
}

/** The kinds that clients put. */
export type BlobKind = "data" | "node";

/** Where an optional lease is taken: names that are told to exist are protected by it. */
export interface LeaseOption {
  lease?: Lease | undefined;
}

/** Content by name. Names are n bytes; results are in request order; any number of names. */
export interface BlobStore {
  readonly hash: HashAlgorithm;
  /** 1 for each blob that is there or being put, else 0. */
  hasMany(kind: BlobKind, names: readonly Buffer[], lease?: Lease): Promise<Uint8Array>;
  /**
   * Hashes, encodes (in the pool) and accepts content; resolves with its name. `base` is a hint: ignored unless it is there. The
   * caller must not change `content` until it resolves. A node whose children are not all there: MissingChildError (a ReplyError,
   * kind NOCHILD, with the first missing name). Not durable before flush or a commit.
   */
  putContent(kind: BlobKind, content: Buffer, options?: { base?: Buffer } & LeaseOption): Promise<Buffer>;
  /** Accepts records whose names and encoding the caller vouches for. Children may come in the same call. Nodes: see putContent. */
  putEncoded(records: readonly BlobRecord[], lease?: Lease): Promise<void>;
  /** Records as they are kept, null where absent. Batches of at most 1,024 names are fetched at a time. */
  getRecords(kind: BlobKind, names: readonly Buffer[]): Promise<(BlobRecord | null)[]>;
  /** Where records of this machine lie, see Backend.withPlaces; null where only getRecords can tell. */
  withPlaces: WithPlaces<BlobKind>;
  /** Decoded, verified content, or null. Throws DAMAGED. */
  getContent(kind: BlobKind, name: Buffer): Promise<Buffer | null>;
  getContents(kind: BlobKind, names: readonly Buffer[]): Promise<(Buffer | null)[]>;
  /** Bytes of the content without reading it, or null. */
  sizeMany(kind: BlobKind, names: readonly Buffer[]): Promise<(number | null)[]>;
  /** Names of a kind in byte order, from `from` on, in pages. */
  names(kind: BlobKind, from?: Buffer): AsyncIterable<readonly Buffer[]>;
  /** Number of blobs and bytes of their content, both kinds. Reads the whole index. */
  totals(): Promise<{ blobs: number; bytes: number }>;
  /**
   * Looks for blobs that a commit refers to, each in its turn with all that it needs, and keeps them until `release`, whatever leases and clocks
   * say. `missing`: the first that is not there, or condemned; then nothing is kept.
   */
  claim(
    references: readonly { kind: BlobKind; name: Buffer }[],
  ): Promise<{ missing: { kind: BlobKind; name: Buffer } | null; release(): void }>;
  /** Everything accepted before is durable when it resolves. */
  flush(): Promise<void>;
}

/** A protection that outlives its session. */
export interface Lease {
  /** 16 bytes. */
  readonly id: Buffer;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** Remembers blobs that the holder was told exist; durable with the next flush of the lease or commit. */
  note(kind: BlobKind, names: readonly Buffer[]): void;
  /** Makes what was noted durable. */
  flush(): Promise<void>;
}

/** What is known of a lease; times in milliseconds since 1970. */
export interface LeaseFacts {
  id: Buffer;
  created: number;
  expires: number;
  /** The backup that the holder builds on. */
  parent: Buffer | null;
  /** The log's sequence number when it began. */
  sequence: number;
}

/** All leases. */
export interface Leases {
  /** Takes a new lease, or renews the one with `id` (NOT_FOUND when it is unknown or expired). Default 24 hours. */
  take(options?: { id?: Buffer; seconds?: number; parent?: Buffer }): Promise<Lease>;
  /** Ends a lease; an unknown one is no error. */
  release(id: Buffer): Promise<void>;
  /** Its session is gone, and may come back for it. */
  leave(id: Buffer): void;
  /** Forgets leases that are over, and what they protected; `left`: also those that no session holds, here or since the store was opened. */
  prune(options?: { left?: boolean }): Promise<void>;
  /** Leases that are not over. */
  list(): AsyncIterable<LeaseFacts>;
  /** The blobs that a lease protects, in batches; one may occur several times. */
  protectedBy(id: Buffer): AsyncIterable<readonly { kind: BlobKind; name: Buffer }[]>;
}

/** What a store holds. Bytes and counts. */
export interface StoreStats {
  backups: number;
  snapshots: number;
  /** Sum of the sizes of all listed backups. */
  logicalBytes: number;
  /** Content of all blobs. */
  uniqueBytes: number;
  /** Payloads of all records, as encoded. */
  storedBytes: number;
  kinds: Record<"data" | "node" | "log", { records: number; contentBytes: number; storedBytes: number }>;
  encodings: Record<
    "raw" | "zstd" | "zstd-delta",
    { records: number; contentBytes: number; storedBytes: number }
  >;
  /** Log records since the newest checkpoint's state. */
  sinceCheckpoint: number;
  sequence: number;
  perBackup?: { backup: string; size: number; entries: number; newBytes: number }[];
}
