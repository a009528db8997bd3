/** Seals records into memory that is used again. */
import { randomFillSync } from "node:crypto";
import { type BlobRecord, maxContentBytes } from "@datadb/protocol";
import { newestKey } from "./key-ring.ts";
import { sealedSize, sealRecord } from "./sealed-record.ts";
import { NONCE_BYTES } from "./secretbox.ts";
import type { Vault } from "./vault.ts";

/** Sealed at once, on the thread that everything waits for: some milliseconds. */
const PART_BYTES: number = 4 * 1024 * 1024;

/** A record and the name that it is stored under. */
export interface Named {
  readonly record: BlobRecord;
  readonly stored: Buffer;
}

function* parts(records: readonly Named[]): Generator<readonly Named[]> {
  let [from, bytes] = [0, 0];
  for (const [at, { record }] of records.entries()) {
    const size = sealedSize(record);
    if (at > from && bytes + size > PART_BYTES) {
      yield records.slice(from, at);
      [from, bytes] = [at, 0];
    }
    bytes += size;
  }
  if (from < records.length) yield from === 0 ? records : records.slice(from);
}

/** Views of `slab`: the records as they are stored. */
function sealInto(vault: Vault, records: readonly Named[], slab: Buffer): BlobRecord[] {
  const { secretbox, keys, counts } = vault;
  const dataKey = newestKey(keys.ring);
  const nonces = randomFillSync(Buffer.allocUnsafeSlow(records.length * NONCE_BYTES));
  const nonce = Buffer.allocUnsafe(NONCE_BYTES);
  let offset = 0;
  return records.map(({ record, stored }, at) => {
    const { kind } = record;
    const payload = slab.subarray(offset, offset + sealedSize(record));
    offset += payload.length;
    nonces.copy(nonce, 0, at * NONCE_BYTES);
    sealRecord(secretbox, dataKey, nonce, record, payload);
    counts.sealed += 1;
    counts.sealedBytes += record.payload.length;
    // What is sealed is content to the wrapped backend, but no record may claim more content than a blob can have.
    const length = Math.min(payload.length, maxContentBytes(kind));
    return { kind, name: stored, encoding: "raw", base: null, length, payload };
  });
}

/** Gives `take` the sealed records, part by part; it must not keep them. */
export async function sealBatch(
  vault: Vault,
  records: readonly Named[],
  take: (sealed: readonly BlobRecord[]) => Promise<void>,
): Promise<void> {
  for (const part of parts(records)) {
    const bytes = part.reduce((sum, { record }) => sum + sealedSize(record), 0);
    const slab = vault.slabs.take(bytes);
    try {
      await take(sealInto(vault, part, slab));
    } finally {
      vault.slabs.give(slab);
    }
  }
}
