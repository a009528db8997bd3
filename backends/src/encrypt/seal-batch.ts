/**
 * Seals records into memory that is used again. Here, and wherever else each record of a first backup passes, loops count and do no more than they must: the
 * compiler works on such a loop for as long as it runs.
 */
import { randomFillSync } from "node:crypto";
import { type BlobRecord, maxContentBytes } from "@datadb/protocol";
import { newestKey } from "./key-ring.ts";
import { sealedSize, sealRecord } from "./sealed-record.ts";
import { NONCE_BYTES } from "./secretbox.ts";
import type { Vault } from "./vault.ts";

/** Sealed at once, on the thread that everything waits for: some milliseconds. */
const PART_BYTES: number = 4 * 1024 * 1024;

/** Records of one kind. */
export interface Batch {
  readonly records: readonly BlobRecord[];
  readonly names: readonly Buffer[];
  /** The names that they are stored under. */
  readonly stored: readonly Buffer[];
}

/** Where the part that begins at `from` ends, and its bytes: one record at least. */
function partOf({ records }: Batch, from: number): { to: number; bytes: number } {
  let bytes = sealedSize(records[from]!);
  for (let to = from + 1; to < records.length; to++) {
    const size = sealedSize(records[to]!);
    if (bytes + size > PART_BYTES) return { to, bytes };
    bytes += size;
  }
  return { to: records.length, bytes };
}

/** Views of `slab`: the records as they are stored. */
function sealInto(vault: Vault, batch: Batch, from: number, to: number, slab: Buffer): BlobRecord[] {
  const { secretbox, counts } = vault;
  const dataKey = newestKey(vault.keys.ring);
  const nonces = randomFillSync(Buffer.allocUnsafeSlow((to - from) * NONCE_BYTES));
  const nonce = Buffer.allocUnsafeSlow(NONCE_BYTES);
  // What is sealed is content to the wrapped backend, but no record may claim more content than a blob can have.
  const maxLength = maxContentBytes(batch.records[from]!.kind);
  const sealed: BlobRecord[] = [];
  let offset = 0;
  for (let at = from; at < to; at++) {
    const record = batch.records[at]!;
    const payload = slab.subarray(offset, offset + sealedSize(record));
    offset += payload.length;
    for (let byte = 0; byte < NONCE_BYTES; byte++) nonce[byte] = nonces[(at - from) * NONCE_BYTES + byte]!;
    sealRecord(secretbox, dataKey, nonce, record, payload);
    counts.sealed += 1;
    counts.sealedBytes += record.payload.length;
    const length = Math.min(payload.length, maxLength);
    sealed.push({
      kind: record.kind,
      name: batch.stored[at]!,
      encoding: "raw",
      base: null,
      length,
      payload,
    });
  }
  return sealed;
}

/** Gives `take` the sealed records, part by part; it must not keep them. */
export async function sealBatch(
  vault: Vault,
  batch: Batch,
  take: (sealed: readonly BlobRecord[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < batch.records.length; ) {
    const { to, bytes } = partOf(batch, from);
    const slab = vault.slabs.take(bytes);
    try {
      await take(sealInto(vault, batch, from, to, slab));
    } finally {
      vault.slabs.give(slab);
    }
    from = to;
  }
}
