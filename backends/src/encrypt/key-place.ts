/** Where the key record is: with the data, in the wrapped backend, twice, so that a store needs nothing else but a key. */
import {
  type BlobRecord,
  type HashAlgorithm,
  hashOf,
  isDamage,
  NotAuthenticError,
  type RecordKind,
  UsageError,
} from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { decodeKeyRecord, encodeKeyRecord, KEY_RECORD_MAGIC, type KeyRecord } from "./key-record.ts";

/** Two namespaces are two packs: one that is damaged does not close the place for ever. */
const KINDS: readonly RecordKind[] = ["node", "log"];
const DOMAIN = "datadb/keys\0";
/** Changes of keys in the life of a place. */
const MAX_CHANGES = 4096;
const WINDOW = 64;

/** Each change has a name of its own, so that names stay names of one content, also in mirrors that were away. */
function nameOf(hash: HashAlgorithm, change: number): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(change);
  return hashOf(hash, Buffer.concat([Buffer.from(DOMAIN), number]));
}

/** Whether a stored record is one of these. */
export function isKeyRecord(hash: HashAlgorithm, { name, payload }: BlobRecord): boolean {
  if (!payload.subarray(0, KEY_RECORD_MAGIC.length).equals(KEY_RECORD_MAGIC)) return false;
  try {
    return nameOf(hash, decodeKeyRecord(payload).change).equals(name);
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

interface Places {
  readonly inner: Backend;
  readonly hash: HashAlgorithm;
}

/** The changes from `first` on that are there in at least one place. */
async function changesFrom({ inner, hash }: Places, first: number, count: number): Promise<number[]> {
  const numbers = Array.from({ length: count }, (_, at) => first + at);
  const names = numbers.map((change) => nameOf(hash, change));
  const there = await Promise.all(KINDS.map((kind) => inner.hasMany(kind, names)));
  return numbers.filter((_, at) => there.some((one) => one[at] === 1));
}

/** Descending. `hint`: the change that was the last one when somebody looked. */
async function findChanges(places: Places, hint: number): Promise<number[]> {
  const found: number[] = [];
  for (let first = hint; first > 0 && first <= MAX_CHANGES; first += WINDOW) {
    const some = await changesFrom(places, first, WINDOW);
    if (some.length === 0) break;
    found.push(...some);
  }
  return (found.length > 0 ? found : await changesFrom(places, 1, MAX_CHANGES)).reverse();
}

/** What was found. */
export interface FoundKeyRecord {
  readonly record: KeyRecord;
  /** The record is not, or not readably, in all its places. */
  readonly incomplete: boolean;
}

/** The newest key record, null when there is none at all. Throws NOT_AUTHENTIC when none of those that are there can be read. */
export async function readKeyRecord(places: Places, hint: number): Promise<FoundKeyRecord | null> {
  const changes = await findChanges(places, hint);
  let problem: unknown = null;
  for (const change of changes) {
    const read: KeyRecord[] = [];
    for (const kind of KINDS) {
      try {
        const [found] = await places.inner.getMany(kind, [nameOf(places.hash, change)]);
        if (found) read.push(decodeKeyRecord(found.payload));
      } catch (error) {
        if (!isDamage(error)) throw error;
        problem = error;
      }
    }
    const record = read.find((one) => one.change === change);
    if (record !== undefined) return { record, incomplete: read.length < KINDS.length };
  }
  if (changes.length === 0) return null;
  throw new NotAuthenticError(`${places.inner.description}: its key record cannot be read`, {
    next: "put it back with datadb key import FILE, from a file that datadb key export has made",
    cause: problem,
  });
}

/** Puts a key record, durably, then removes the one before it. */
export async function writeKeyRecord({ inner, hash }: Places, record: KeyRecord): Promise<void> {
  const payload = encodeKeyRecord(record);
  const { change } = record;
  if (change > MAX_CHANGES)
    throw new UsageError(`keys can be changed ${MAX_CHANGES} times`, "copy the backups to a new store");
  const name = nameOf(hash, change);
  const kept = { name, encoding: "raw", base: null, length: payload.length, payload } as const;
  await inner.putMany(KINDS.map((kind) => ({ kind, ...kept })));
  await inner.flush(KINDS);
  if (change === 1) return;
  for (const kind of KINDS) await inner.removeMany(kind, [nameOf(hash, change - 1)]);
}
