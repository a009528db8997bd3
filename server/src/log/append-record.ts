/** Makes one log record durable. */

import { setTimeout as wait } from "node:timers/promises";
import type { Backend } from "@datadb/backends";
import { type BlobRecord, type HashAlgorithm, logRecordName } from "@datadb/protocol";

/** A disk that hiccups gets this many chances before writing is given up. */
const ATTEMPTS = 3;
const PAUSE_MS = 20;

/** The record that keeps this content. Log records are raw: small ones do not shrink, and committing waits for the encoding. */
export function logBlob(hash: HashAlgorithm, storeId: Buffer, content: Buffer): BlobRecord {
  const name = logRecordName(hash, storeId, content);
  return { kind: "log", name, encoding: "raw", base: null, length: content.length, payload: content };
}

/**
 * Puts and flushes the record. Whether a failed attempt left it behind is not known, so the same bytes are tried again: the
 * same name, the same record. Rejects with the last error.
 */
export async function appendRecord(
  backend: Backend,
  record: BlobRecord,
  attempts: number = ATTEMPTS,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await backend.putMany([record]);
      await backend.flush(["log"]);
      return;
    } catch (error) {
      if (attempt >= attempts) throw error;
      await wait(PAUSE_MS * attempt);
    }
  }
}
