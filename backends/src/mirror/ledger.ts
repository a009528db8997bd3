/**
 * What is durably known of one member of a mirror, in its own part of `local/`: whether it holds all that the others hold, and, in order,
 * what it has missed. docs/formats.md lays out the bytes.
 */
import { ByteReader, ByteWriter, KIND_BYTE, kindOfByte, type RecordKind } from "@datadb/protocol";
import type { RecordIndex } from "../record-index.ts";

/**
 * How a member stands to the others. `equal`: it has what they have. `changing`: equal, but changes are under way; found at open, the
 * process died. `queued`: it has what they have once its queue is delivered. `unknown`: it must be compared. Numbers permanent.
 */
export type Standing = "equal" | "queued" | "unknown" | "changing";

const STANDINGS: readonly Standing[] = ["equal", "queued", "unknown", "changing"];

/** What is to be done with a record. Numbers permanent. */
export type Task = "put" | "remove" | "replace";

const TASKS: readonly Task[] = ["put", "remove", "replace"];

/** One thing that a member has missed; the content is with the other members. */
export interface Missed {
  task: Task;
  kind: RecordKind;
  name: Buffer;
  /** Bytes of the payload, 0 for a removal. */
  bytes: number;
}

/** The same in the queue. */
export interface Queued extends Missed {
  /** Milliseconds since 1970. */
  time: number;
  key: Buffer;
}

export interface Ledger {
  /** Null for a member that was never seen. */
  readonly standing: Standing | null;
  setStanding(standing: Standing): Promise<void>;
  /** What is queued: entries, bytes of payloads, and when the first one was missed. */
  readonly records: number;
  readonly bytes: number;
  readonly oldest: number | null;
  /** Queues at the end. Survives the process; a power cut only after `settle`. */
  add(missed: readonly Missed[]): Promise<void>;
  /** Makes everything before it durable. */
  settle(): Promise<void>;
  /** The first entries, at most so many and so many bytes, at least one if there is one. */
  take(records: number, bytes: number): Promise<Queued[]>;
  /** Forgets entries that were delivered. */
  drop(delivered: readonly Queued[]): Promise<void>;
  /** Forgets all of them. */
  clear(): Promise<void>;
}

const STANDING_KEY = Buffer.from([0]);
const QUEUE_FIRST = Buffer.from([1]);
const QUEUE_END = Buffer.from([2]);

function queueKey(number: number): Buffer {
  const key = Buffer.alloc(9, 1);
  key.writeBigUInt64BE(BigInt(number), 1);
  return key;
}

function encodeMissed({ task, kind, name, bytes }: Missed, time: number): Buffer {
  const writer = new ByteWriter(64);
  writer.u8(TASKS.indexOf(task) + 1);
  writer.u8(KIND_BYTE[kind]);
  writer.varint(time);
  writer.varint(bytes);
  writer.raw(name);
  return writer.finish();
}

function decodeQueued(key: Buffer, value: Buffer): Queued {
  const reader = new ByteReader(value);
  const task = TASKS[reader.u8() - 1] ?? "put";
  const kind = kindOfByte(reader.u8());
  const [time, bytes] = [reader.varint(), reader.varint()];
  return { task, kind, time, bytes, name: Buffer.from(reader.raw(reader.remaining)), key };
}

interface Totals {
  records: number;
  bytes: number;
  oldest: number | null;
  last: number;
}

async function totalsOf(index: RecordIndex): Promise<Totals> {
  const totals: Totals = { records: 0, bytes: 0, oldest: null, last: 0 };
  for await (const [key, value] of index.entries(QUEUE_FIRST, QUEUE_END)) {
    const { time, bytes } = decodeQueued(key, value);
    totals.records += 1;
    totals.bytes += bytes;
    totals.oldest ??= time;
    totals.last = Number(key.readBigUInt64BE(1));
  }
  return totals;
}

/** Reads what `index` holds. `now` in milliseconds since 1970. */
export async function openLedger(index: RecordIndex, now: () => number): Promise<Ledger> {
  const found = index.getMany([STANDING_KEY])[0];
  let standing = found === undefined ? null : (STANDINGS[found[0]! - 1] ?? null);
  const totals = await totalsOf(index);
  let unsettled = false;
  const setStanding = async (next: Standing): Promise<void> => {
    standing = next;
    unsettled = false;
    await index.write([[STANDING_KEY, Buffer.from([STANDINGS.indexOf(next) + 1])]], [], { durable: true });
  };
  const take: Ledger["take"] = async (records, bytes) => {
    const taken: Queued[] = [];
    let sum = 0;
    for await (const [key, value] of index.entries(QUEUE_FIRST, QUEUE_END)) {
      const entry = decodeQueued(key, value);
      sum += entry.bytes;
      if (taken.length >= records || (taken.length > 0 && sum > bytes)) break;
      taken.push(entry);
    }
    return taken;
  };
  return {
    get standing() {
      return standing;
    },
    get records() {
      return totals.records;
    },
    get bytes() {
      return totals.bytes;
    },
    get oldest() {
      return totals.oldest;
    },
    setStanding,
    async add(missed) {
      if (missed.length === 0) return;
      const time = now();
      unsettled = true;
      const puts = missed.map((one): [Buffer, Buffer] => [queueKey(++totals.last), encodeMissed(one, time)]);
      totals.records += missed.length;
      for (const { bytes } of missed) totals.bytes += bytes;
      totals.oldest ??= time;
      await index.write(puts, []);
    },
    async settle() {
      if (unsettled && standing !== null) await setStanding(standing);
    },
    take,
    async drop(delivered) {
      const removes = delivered.map(({ key }) => key);
      await index.write([], removes);
      totals.records -= delivered.length;
      for (const { bytes } of delivered) totals.bytes -= bytes;
      totals.oldest = (await take(1, 0))[0]?.time ?? null;
    },
    async clear() {
      for (let some = await take(4096, Number.MAX_SAFE_INTEGER); some.length > 0; ) {
        await index.write(
          [],
          some.map(({ key }) => key),
        );
        some = await take(4096, Number.MAX_SAFE_INTEGER);
      }
      Object.assign(totals, { records: 0, bytes: 0, oldest: null });
    },
  };
}
