/** Names of things: content hashes, and the hashes of tuples that name snapshots, backups and log records. */
import { createHash, hash } from "node:crypto";

/** A store's hash, chosen when it is made and never mixed with another. */
export type HashAlgorithm = "sha256" | "sha1";

const LOG_DOMAIN = Buffer.from("datadb/log\0");

/** Bytes of a name: 32 for sha256, 20 for sha1. */
export function hashLength(algorithm: HashAlgorithm): 20 | 32 {
  return algorithm === "sha256" ? 32 : 20;
}

/** `H(content)`: the name of a blob. */
export function hashOf(algorithm: HashAlgorithm, content: Uint8Array): Buffer {
  // Asking for a buffer takes twice as long (0.9 against 0.4 us): the string is made without an ArrayBuffer of its own.
  return Buffer.from(hash(algorithm, content, "binary"), "latin1");
}

/**
 * `H(a, b, ...)`: in sha256 stores each field is preceded by its length as u32, so that ("ab", "c") and ("a", "bc") differ; in
 * sha1 stores the plain concatenation, as names were made before. Strings are UTF-8.
 */
export function hashFields(algorithm: HashAlgorithm, fields: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    const bytes = typeof field === "string" ? Buffer.from(field) : field;
    if (algorithm === "sha256") {
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32LE(bytes.length);
      parts.push(length);
    }
    parts.push(bytes);
  }
  return hashOf(algorithm, Buffer.concat(parts));
}

/** Id of the series of all backups of one host and path. */
export function snapshotId(
  algorithm: HashAlgorithm,
  host: string | Uint8Array,
  path: string | Uint8Array,
): Buffer {
  return hashFields(algorithm, [host, path]);
}

/** Id of one backup; `timestamp` is RFC 3339 in UTC with milliseconds. */
export function backupId(
  algorithm: HashAlgorithm,
  host: string | Uint8Array,
  path: string | Uint8Array,
  timestamp: string,
): Buffer {
  return hashFields(algorithm, [host, path, timestamp]);
}

/** Name of a log record: separated from the names of blobs, so that no blob can pass for one. `storeId` has 16 bytes. */
export function logRecordName(algorithm: HashAlgorithm, storeId: Buffer, content: Uint8Array): Buffer {
  return createHash(algorithm).update(LOG_DOMAIN).update(storeId).update(content).digest();
}
