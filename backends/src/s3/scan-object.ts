/** What a pack in the bucket holds: by its table alone, or by every byte of it. */
import {
  DecodeError,
  decodePackTable,
  FormatTooNewError,
  PACK_HEADER_BYTES,
  PACK_TRAILER_BYTES,
  PackScanner,
  packTableBytes,
  type TableRecord,
  WrongStoreError,
} from "@datadb/protocol";
import type { DamagedRange } from "../backend.ts";
import { getObject } from "./get-object.ts";
import { ObjectMissing } from "./service-error.ts";
import { keyOf, type Shelf } from "./shelf.ts";
import { tableName } from "./table-name.ts";

/** As much of a pack's end as holds the table of most packs. */
const TAIL_BYTES = 64 * 1024;
/** Bytes that are wrong may be so on their way only. */
const READINGS = 3;

/** What was read from the bucket so long ago says what is there. */
const FRESH_MS = 30_000;

/** A pack's records, and what of it is none. */
export interface ScannedObject {
  records: (TableRecord & { offset: number })[];
  damaged: DamagedRange[];
  /** Where an incomplete record begins at the end; null when there is none. */
  torn: number | null;
  /** Bytes that were read. */
  bytes: number;
}

function checkedTable(shelf: Shelf, name: string, tail: Buffer): ScannedObject {
  const { place, kind } = shelf;
  const table = decodePackTable(tail);
  if (!table.storeId.equals(place.storeId) || table.hash !== place.hash || table.kind !== kind) {
    const [found, expected] = [table.storeId.toString("hex"), place.storeId.toString("hex")];
    const where = place.connection.place(keyOf(place, name));
    throw new WrongStoreError(
      `${where} is a ${table.kind} pack of store ${found} (${table.hash}), not a ${kind} pack of store ${expected} (${place.hash})`,
      { next: "give each store a bucket or a prefix of its own", fields: { path: where, found, expected } },
    );
  }
  return { records: table.records, damaged: [], torn: null, bytes: tail.length };
}

async function readTable(shelf: Shelf, name: string, signal?: AbortSignal): Promise<ScannedObject> {
  const { connection } = shelf.place;
  const key = keyOf(shelf.place, name);
  const cold = shelf.kind === "data" && connection.options.cold;
  const read = async (bytes: number): Promise<Buffer> => {
    if (!cold) return (await getObject(connection, key, { last: bytes }, signal)).bytes;
    // Packs from before the class was changed have only their own.
    return (await getObject(connection, tableName(key), undefined, signal)).bytes;
  };
  for (let reading = 1; ; reading++) {
    try {
      const tail = await read(TAIL_BYTES);
      const bytes = packTableBytes(tail);
      return checkedTable(shelf, name, bytes <= tail.length ? tail : await read(bytes));
    } catch (error) {
      if (cold && error instanceof ObjectMissing)
        return checkedTable(
          shelf,
          name,
          (await getObject(connection, key, { last: TAIL_BYTES }, signal)).bytes,
        );
      if (!(error instanceof DecodeError) || reading >= READINGS) throw error;
    }
  }
}

/** Reads the table of a pack; the whole pack when that is damaged. Rejects with WRONG_STORE, FORMAT_TOO_NEW, ObjectMissing. */
export async function scanTable(shelf: Shelf, name: string, signal?: AbortSignal): Promise<ScannedObject> {
  try {
    return await readTable(shelf, name, signal);
  } catch (error) {
    if (!(error instanceof DecodeError) || error instanceof FormatTooNewError) throw error;
    return scanObject(shelf, name, signal);
  }
}

/** Where the records end: where the table begins, if there is one. */
function endOfRecords(bytes: Buffer): number {
  try {
    const end = bytes.length - packTableBytes(bytes.subarray(-PACK_TRAILER_BYTES));
    return end >= PACK_HEADER_BYTES ? end : bytes.length;
  } catch (error) {
    if (error instanceof DecodeError) return bytes.length;
    throw error;
  }
}

function scan(shelf: Shelf, bytes: Buffer): ScannedObject {
  const end = endOfRecords(bytes);
  const found: ScannedObject = { records: [], damaged: [], torn: null, bytes: bytes.length };
  const scanner = new PackScanner({ n: shelf.place.nameLength, kind: shelf.kind });
  const events = [...scanner.push(bytes.subarray(PACK_HEADER_BYTES, end)), ...scanner.finish()];
  for (const event of events) {
    if (event.type === "record") found.records.push({ ...event.head, offset: event.offset });
    else if (event.type === "damage") found.damaged.push({ from: event.from, to: event.to });
    else found.torn = event.from;
  }
  return found;
}

/**
 * Reads all of a pack and verifies every record. What seems to be damaged is read again: it may have been so on its way only. Packs of the log, which
 * are small and looked through several times in a row, are read from the bucket once in that time.
 */
export async function scanObject(shelf: Shelf, name: string, signal?: AbortSignal): Promise<ScannedObject> {
  const { place, kind } = shelf;
  const { connection, recent, cache } = place;
  const fresh = kind === "log" ? recent.whole(name, FRESH_MS) : undefined;
  if (fresh !== undefined) {
    const found = scan(shelf, fresh);
    if (found.damaged.length === 0 && found.torn === null) return found;
  }
  for (let reading = 1; ; reading++) {
    const { bytes, size } = await getObject(connection, keyOf(place, name), undefined, signal);
    const found = scan(shelf, bytes);
    const whole = found.damaged.length === 0 && found.torn === null;
    if (!whole && reading < READINGS) continue;
    recent.drop([name]);
    // Whoever asks for its records now is to see these bytes, not an older copy.
    recent.add(name, 0, bytes, size);
    if (whole && kind === "node") cache.keep(name, bytes);
    return found;
  }
}
