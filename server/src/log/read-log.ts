/** Reads log records from the packs, and follows their chain. */
import type { Backend } from "@datadb/backends";
import {
  DamagedError,
  DatadbError,
  decodeLogRecord,
  decodePayload,
  FormatTooNewError,
  type HashAlgorithm,
  hashLength,
  type LogRecord,
  logRecordName,
  MAX_BATCH_NAMES,
} from "@datadb/protocol";
import { mirrorsIn } from "../store/backend-counters.ts";
import type { Head } from "./head.ts";

/** Where a log record lies. */
export interface LogPlace {
  readonly name: Buffer;
  readonly pack: string;
  readonly offset: number;
  readonly payloadLength: number;
}

/** A log record with its name. */
export interface NamedLogRecord {
  readonly name: Buffer;
  readonly record: LogRecord;
}

/** What reading the log needs. */
export interface LogSource {
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  readonly storeId: Buffer;
}

/** Bytes of records that are held at once while reading. */
const BATCH_BYTES: number = 32 * 1024 * 1024;

/** All log records in the order in which they were written, each name once; of a mirror, in the order of their sequence numbers. */
export async function listLog(source: LogSource): Promise<LogPlace[]> {
  const { backend } = source;
  const places = new Map<string, LogPlace>();
  for await (const listing of backend.list("log")) {
    for (const { name, pack, offset, payloadLength } of listing.records) {
      const id = name.toString("latin1");
      if (!places.has(id)) places.set(id, { name, pack, offset, payloadLength });
    }
  }
  const all = [...places.values()];
  // What a collection has removed lies in its pack until that is deleted.
  const there = await backend.hasMany(
    "log",
    all.map(({ name }) => name),
  );
  const present = all.filter((_, at) => there[at] === 1);
  return mirrorsIn(source.backend).length === 0 ? present : bySequence(source, present);
}

/** A member of a mirror may have got a record late. What cannot be read stays behind what it came after. */
async function bySequence(source: LogSource, places: readonly LogPlace[]): Promise<LogPlace[]> {
  const placed: { place: LogPlace; sequence: number }[] = [];
  let last = 0;
  for (const batch of batches(places)) {
    const records = await sequences(source, batch);
    for (const [at, place] of batch.entries()) {
      last = records[at] ?? last;
      placed.push({ place, sequence: last });
    }
  }
  return placed.sort((a, b) => a.sequence - b.sequence).map(({ place }) => place);
}

async function sequences(source: LogSource, places: readonly LogPlace[]): Promise<(number | null)[]> {
  const found: (number | null)[] = [];
  try {
    for await (const { record } of readLog(source, places)) found.push(record.sequence);
    return found;
  } catch (error) {
    if (!(error instanceof DatadbError) || error.code === "BACKEND_UNAVAILABLE") throw error;
    if (places.length === 1) return [null];
  }
  // One bad record fails the batch: singly the others are saved.
  const singly: (number | null)[] = [];
  for (const place of places) singly.push(...(await sequences(source, [place])));
  return singly;
}

function damagedRecord({ name, pack, offset }: LogPlace, problem: string, cause?: unknown): DamagedError {
  return new DamagedError(`${pack}: the log record ${name.toString("hex")} at offset ${offset} ${problem}`, {
    cause,
    fields: { pack, offset, name: name.toString("hex"), kind: "log" },
  });
}

function* batches(places: readonly LogPlace[]): Generator<LogPlace[]> {
  let batch: LogPlace[] = [];
  let bytes = 0;
  for (const place of places) {
    if (batch.length >= MAX_BATCH_NAMES || (batch.length > 0 && bytes + place.payloadLength > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(place);
    bytes += place.payloadLength;
  }
  if (batch.length > 0) yield batch;
}

/** The records at these places, in order, verified one by one. Throws DAMAGED, FORMAT_TOO_NEW. */
export async function* readLog(
  source: LogSource,
  places: readonly LogPlace[],
): AsyncGenerator<NamedLogRecord> {
  const { backend, hash, storeId } = source;
  for (const batch of batches(places)) {
    const blobs = await backend.getMany(
      "log",
      batch.map(({ name }) => name),
    );
    for (const [index, place] of batch.entries()) {
      const blob = blobs[index];
      if (!blob) throw damagedRecord(place, "is listed but not there");
      let record: LogRecord;
      let found: Buffer;
      try {
        const content = decodePayload(blob);
        found = logRecordName(hash, storeId, content);
        record = decodeLogRecord(content, hashLength(hash));
      } catch (cause) {
        if (cause instanceof FormatTooNewError) throw cause;
        if (cause instanceof DatadbError) throw damagedRecord(place, "cannot be read", cause);
        throw cause;
      }
      if (!found.equals(place.name))
        throw damagedRecord(place, "has content of another name: it is forged or of another store");
      yield { name: place.name, record };
    }
  }
}

/** The head after `next`, which must follow `head` in the chain. Throws DAMAGED. */
export function followChain(head: Head, next: NamedLogRecord): Head {
  const { sequence, previous } = next.record;
  const name = next.name.toString("hex");
  const fields = { kind: "log", name, sequence };
  if (sequence <= head.sequence) {
    throw new DamagedError(
      `the log has two records with the sequence number ${sequence}: ${name} is the second`,
      { fields },
    );
  }
  if (sequence !== head.sequence + 1) {
    throw new DamagedError(
      `the log misses record ${head.sequence + 1}: after ${head.sequence} comes ${sequence} (${name})`,
      { fields },
    );
  }
  if (!previous.equals(head.name)) {
    throw new DamagedError(
      `the chain of the log is broken at sequence number ${sequence}: ${name} follows ${previous.toString("hex")}, not ${head.name.toString("hex")}`,
      { fields },
    );
  }
  return { sequence, name: next.name };
}
