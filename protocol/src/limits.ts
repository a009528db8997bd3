/** Every limit of formats and wire, with its unit and reason. Those marked permanent are promised by data on disk. */
import type { RecordKind } from "./kinds.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Content of a data or node blob: a worker holds several at once. Permanent. */
export const MAX_BLOB_BYTES: number = 16 * MIB;

/** What one transaction may collect before TXTOOBIG: it is held in memory until its commit, by server and client. */
export const MAX_TRANSACTION_BYTES: number = 64 * MIB;

/** Content of a log record: a transaction at its limit with the framing of its operations, and small commits that share it. Permanent. */
export const MAX_LOG_RECORD_BYTES: number = 128 * MIB;

/** Content of a record of one kind, in bytes. */
export function maxContentBytes(kind: RecordKind): number {
  return kind === "log" ? MAX_LOG_RECORD_BYTES : MAX_BLOB_BYTES;
}

/** What a wrapper may add to a payload (nonce, authenticator, sealed header). */
export const MAX_PAYLOAD_OVERHEAD_BYTES: number = 4 * KIB;

/** Arguments of one command, its name included: as many as redis admits. */
export const MAX_ARGUMENTS: number = 1024 * KIB;

/** One argument of a command: a blob at its limit. */
export const MAX_BULK_BYTES: number = 16 * MIB;

/** All arguments of one command together: what fits a transaction. */
export const MAX_COMMAND_BYTES: number = 64 * MIB;

/** A key, field, member or database name: LevelDB copies keys freely. */
export const MAX_KEY_BYTES: number = 1 * MIB;

/** Names in one batch to a backend: bounds what an answer holds in memory (1,024 x 16 MiB is why callers batch by bytes too). */
export const MAX_BATCH_NAMES = 1024;

/** An inline command (a line typed by a person), as redis admits. */
export const MAX_INLINE_BYTES: number = 64 * KIB;

/** A node is cut before the entry that would make it longer, so that large metas or values cannot pass MAX_BLOB_BYTES. Permanent. */
export const MAX_NODE_BYTES: number = 1 * MIB;

/** One entry of a node (a meta with its attributes, a key with its value): it must fit a node of its own. Permanent. */
export const MAX_NODE_ENTRY_BYTES: number = MAX_BLOB_BYTES - 64 * KIB;

/** A value that a user stores under a key or field: key and value must fit a node of a checkpoint. */
export const MAX_VALUE_BYTES: number = 8 * MIB;

/** Levels of a tree: 64 entries a node reach past 2^64 entries before this. Permanent. */
export const MAX_TREE_LEVELS = 32;

/** A pack of at least this size is sealed and never changes again. */
export const PACK_SEAL_BYTES: number = 256 * MIB;

/** Content below this is kept raw: zstd's frame and its call cost more than they save. */
export const MIN_COMPRESS_BYTES = 128;

/** Bases below one blob at most, since every read of it reads them all; skip-deltas of a year of days need 8. */
export const MAX_CHAIN_DEPTH = 16;
