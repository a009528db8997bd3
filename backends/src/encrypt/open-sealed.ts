/** Opens stored records, and refuses those that are not what the place has sealed under their names. */
import { type BlobRecord, DatadbError, NotAuthenticError, type RecordKind } from "@datadb/protocol";
import { epochOf, openedSize, openRecord, ownMemory } from "./sealed-record.ts";
import type { Vault } from "./vault.ts";

/** A record and the epoch of the data key that it was sealed with. */
export interface OpenedRecord {
  readonly record: BlobRecord;
  readonly epoch: number;
}

function refused(
  vault: Vault,
  kind: RecordKind,
  name: Buffer | null,
  stored: BlobRecord,
  problem: string,
  cause?: unknown,
): NotAuthenticError {
  vault.counts.refused += 1;
  const hex = stored.name.toString("hex");
  const what = name === null ? "" : ` ${name.toString("hex")}`;
  return new NotAuthenticError(`${vault.description}: ${kind}${what}: ${problem} (stored as ${hex})`, {
    cause,
    fields: { kind, stored: hex, ...(name && { name: name.toString("hex") }) },
  });
}

function openOne(vault: Vault, stored: BlobRecord, name: Buffer | null, target: Buffer): OpenedRecord {
  const { kind, payload } = stored;
  let epoch: number;
  let record: BlobRecord | null;
  try {
    epoch = epochOf(payload);
    const found = vault.keys.ring.dataKeys.find((one) => one.epoch === epoch);
    if (found === undefined)
      throw refused(
        vault,
        kind,
        name,
        stored,
        `no key is known for epoch ${epoch}, or the record was changed`,
      );
    record = openRecord(vault.secretbox, found.key, payload, target);
  } catch (error) {
    if (!(error instanceof DatadbError) || error.code !== "DECODE") throw error;
    throw refused(vault, kind, name, stored, error.message, error);
  }
  if (record === null) throw refused(vault, kind, name, stored, "the sealed record was changed");
  const own = record.name.length === vault.nameLength && record.kind === kind;
  if (!own || !vault.names.of(kind, record.name).equals(stored.name) || name?.equals(record.name) === false)
    throw refused(vault, kind, name, stored, "another sealed record was put in its place");
  vault.counts.opened += 1;
  vault.counts.openedBytes += record.payload.length;
  return { record, epoch };
}

/** Opens one. `name`: the plain name that was asked for, null when any will do. Throws NOT_AUTHENTIC, FORMAT_TOO_NEW. */
export function openSealed(vault: Vault, stored: BlobRecord, name: Buffer | null): OpenedRecord {
  return openOne(vault, stored, name, Buffer.allocUnsafeSlow(openedSize(stored.payload)));
}

/**
 * Backends that read into new memory every time: only there records may be opened where they lie. Elsewhere the memory may be that of a cache, or of a pack on its
 * way: what is opened in it would leave in clear.
 */
const READS_ANEW: ReadonlySet<string> = new Set(["blobsfile"]);

/** Opens all that were asked for by these names, no name twice. Throws for the first that is refused. */
export function openAll(
  vault: Vault,
  stored: readonly (BlobRecord | null)[],
  names: readonly Buffer[],
): (BlobRecord | null)[] {
  const inPlace = READS_ANEW.has(vault.inner.type);
  let bytes = 0;
  if (!inPlace) for (const one of stored) bytes += one === null ? 0 : openedSize(one.payload);
  const slab = Buffer.allocUnsafeSlow(bytes);
  let offset = 0;
  return stored.map((one, at) => {
    if (one === null) return null;
    const size = openedSize(one.payload);
    const target = inPlace ? ownMemory(one.payload) : slab.subarray(offset, offset + size);
    offset += size;
    return openOne(vault, one, names[at]!, target).record;
  });
}
