/** list of the encrypt backend: every record that the wrapped one lists, opened. */
import { type BlobRecord, isDamage, type RecordKind, recordSize } from "@datadb/protocol";
import type { DamagedRange, PackListing, RecordInfo } from "../backend.ts";
import { isKeyRecord } from "./key-place.ts";
import { type OpenedRecord, openSealed } from "./open-sealed.ts";
import type { Vault } from "./vault.ts";

/** Bytes of records that are held at once, and their number. */
const BATCH_BYTES: number = 8 * 1024 * 1024;
const BATCH_RECORDS = 1024;

/** A listing, and the epoch of each of its records. */
export interface OpenedListing {
  readonly listing: PackListing;
  readonly epochs: readonly number[];
}

/** Names in batches that are read at once. */
export function* readBatches<T extends { payloadLength: number }>(infos: readonly T[]): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const info of infos) {
    if (batch.length >= BATCH_RECORDS || (batch.length > 0 && bytes + info.payloadLength > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(info);
    bytes += info.payloadLength;
  }
  if (batch.length > 0) yield batch;
}

/** Stored records by stored names, one by one where one is damaged: the error in its place. */
export async function readStored(
  { inner }: Pick<Vault, "inner">,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<(BlobRecord | null | Error)[]> {
  try {
    return await inner.getMany(kind, names);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  const found: (BlobRecord | null | Error)[] = [];
  for (const name of names) {
    const [one] = await inner.getMany(kind, [name]).catch((error: unknown) => {
      if (isDamage(error)) return [error];
      throw error;
    });
    found.push(one ?? null);
  }
  return found;
}

/** The record, null for what is no record of the place, or the error that says why it cannot be opened. */
export function openStored(vault: Vault, stored: BlobRecord): OpenedRecord | null | Error {
  if (isKeyRecord(vault.hash, stored)) return null;
  try {
    return openSealed(vault, stored, null);
  } catch (error) {
    if (isDamage(error)) return error;
    throw error;
  }
}

interface Opened {
  readonly records: RecordInfo[];
  readonly epochs: number[];
  readonly damaged: DamagedRange[];
}

async function openBatch(
  vault: Vault,
  kind: RecordKind,
  batch: readonly RecordInfo[],
  into: Opened,
): Promise<void> {
  const names = batch.map(({ name }) => name);
  const found = await readStored(vault, kind, names);
  const places = await vault.inner.statMany(kind, names);
  for (const [at, { pack, offset, payloadLength, base }] of batch.entries()) {
    const stored = found[at]!;
    const place = places[at];
    // Removed, or moved, or put again elsewhere: what lies here is not what its name leads to.
    if (stored === null || (place && (place.pack !== pack || place.offset !== offset))) continue;
    const opened = stored instanceof Error ? stored : openStored(vault, stored);
    if (opened === null) continue;
    if (opened instanceof Error) {
      const size = recordSize({ base, payloadLength }, vault.nameLength);
      into.damaged.push({ from: offset, to: offset + size });
      continue;
    }
    const { encoding, length, payload } = opened.record;
    const own = {
      name: Buffer.from(opened.record.name),
      base: opened.record.base && Buffer.from(opened.record.base),
    };
    into.records.push({ kind, ...own, encoding, length, payloadLength: payload.length, pack, offset });
    into.epochs.push(opened.epoch);
  }
}

/** Listings with epochs; those that hold nothing but keys are left out. */
export async function* listOpened(
  vault: Vault,
  kind: RecordKind,
  signal?: AbortSignal,
  pack?: string,
): AsyncGenerator<OpenedListing> {
  for await (const listing of vault.inner.list(kind, signal, pack)) {
    const into: Opened = { records: [], epochs: [], damaged: [...listing.damaged] };
    for (const batch of readBatches(listing.records)) {
      signal?.throwIfAborted();
      await openBatch(vault, kind, batch, into);
    }
    into.damaged.sort((a, b) => a.from - b.from);
    const nothing = into.records.length === 0 && into.damaged.length === 0 && listing.torn === undefined;
    if (nothing && listing.records.length > 0) continue;
    yield { listing: { ...listing, records: into.records, damaged: into.damaged }, epochs: into.epochs };
  }
}

/** See Backend.list. What cannot be opened is a damaged range. */
export async function* list(
  vault: Vault,
  kind: RecordKind,
  signal?: AbortSignal,
  pack?: string,
): AsyncGenerator<PackListing> {
  for await (const { listing } of listOpened(vault, kind, signal, pack)) yield listing;
}
