/**
 * The one interface between the client and a store: a Connection carries commands, whether the store
 * lives in this process, behind a unix socket or on another machine.
 */
import type {
  BlobRecord,
  ChunkerParameters,
  HashAlgorithm,
  PlainReply,
  RecordKind,
  WithPlaces,
} from "@datadb/protocol";

/** One argument of a command. Strings go as UTF-8, numbers as decimal text, Buffers as they are (never copied). */
export type Argument = string | Buffer | number;

/** What a client must know of a store before it cuts or names anything. */
export interface StoreFacts {
  /** Store id, lower-case hex. */
  id: string;
  /** The hash that names every blob; a store never mixes hashes. */
  hash: HashAlgorithm;
  chunker: ChunkerParameters;
  /** IANA name: the calendar of the store, for times and retention. */
  timezone: string;
}

/**
 * Direct access to the blobs of a store that lives in this process: records are encoded and decoded by the
 * client's own workers, so that bytes cross threads and are hashed once.
 */
export interface LocalBlobs {
  /** 1 or 0 for each name, in request order. */
  hasMany(kind: RecordKind, names: readonly Buffer[]): Promise<Uint8Array>;
  /** Accepts records; like BPUT not durable before TXCOMMIT or DONE. Payloads must not change until it resolves. */
  putEncoded(records: readonly BlobRecord[]): Promise<void>;
  /** Records as stored, in request order; null means absent, never unreachable. At most 1024 names a call. */
  getRecords(kind: RecordKind, names: readonly Buffer[]): Promise<(BlobRecord | null)[]>;
  /**
   * Calls `use` with where records lie in open files, for threads that read and verify by themselves: the descriptors are valid until `use`
   * settles. Null where only getRecords can tell, as it does when what is found in a place is not the record. At most 1024 names a call.
   */
  withPlaces?: WithPlaces;
}

/** A session with a store. Close it when done: an open one keeps the process alive. */
export interface Connection {
  /**
   * Sends one command. Commands sent without awaiting are pipelined, and answered in order.
   * Rejects with ReplyError when the server refuses, with CONNECTION_LOST when no answer can come any more.
   */
  call(...args: Argument[]): Promise<PlainReply>;
  /** The store's facts, asked once and kept. */
  facts(): Promise<StoreFacts>;
  /** Present when the store lives in this process. */
  readonly local?: LocalBlobs;
  /** Ends the session after the answers under way. Idempotent. */
  close(): Promise<void>;
}
