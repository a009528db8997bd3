/** What local/ remembers of the log between processes: a cache, whose loss costs a look at the log. */
import { ByteReader, ByteWriter } from "@datadb/protocol";
import { guardLevel, type Level } from "../keyspace/open-level.ts";
import { decodeHead, encodeHead, type Head } from "./head.ts";

/** The head at which the last process ended in good order; absent while one writes. Permanent. */
const CLEAN_KEY = Buffer.from("g");
/** Varint sequence number of the state that the newest checkpoint holds. Permanent. */
const CHECKPOINT_KEY = Buffer.from("c");

/** Varint: 0 when trees may lack something, else 1 + the number of lost packs despite which they were found whole. Permanent. */
const WHOLE_KEY = Buffer.from("w");

/** There while a sweep removes nodes: one may be there without what it refers to. Permanent. */
const SWEEP_KEY = Buffer.from("s");

function put(local: Level, key: Buffer, value: Buffer | null): Promise<void> {
  return guardLevel(
    local,
    value === null ? local.del(key, { sync: true }) : local.put(key, value, { sync: true }),
  );
}

/** The head of a clean end, or null: then the log may hold more than LevelDB. */
export async function readCleanHead(local: Level, n: number): Promise<Head | null> {
  const value = await guardLevel(local, local.get(CLEAN_KEY));
  return value === undefined ? null : decodeHead(value, n);
}

/** Says (head) that the log holds nothing beyond it, or (null) that it may. Durable when it resolves. */
export function writeCleanHead(local: Level, head: Head | null): Promise<void> {
  return put(local, CLEAN_KEY, head === null ? null : encodeHead(head));
}

/** The sequence number of the newest checkpoint's state; 0 when there is none, or when local/ was lost. */
export async function readCheckpointMark(local: Level): Promise<number> {
  const value = await guardLevel(local, local.get(CHECKPOINT_KEY));
  return value === undefined ? 0 : new ByteReader(value).varint();
}

export function writeCheckpointMark(local: Level, sequence: number): Promise<void> {
  const writer = new ByteWriter(10);
  writer.varint(sequence);
  return put(local, CHECKPOINT_KEY, writer.finish());
}

/** Despite how many lost packs all trees were found whole; null when they may lack something. 0 when nothing was ever noted. */
export async function readWholeMark(local: Level): Promise<number | null> {
  const value = await guardLevel(local, local.get(WHOLE_KEY));
  const number = value === undefined ? 1 : new ByteReader(value).varint();
  return number === 0 ? null : number - 1;
}

export function writeWholeMark(local: Level, lostPacks: number | null): Promise<void> {
  const writer = new ByteWriter(10);
  writer.varint(lostPacks === null ? 0 : lostPacks + 1);
  return put(local, WHOLE_KEY, writer.finish());
}

/** Whether a sweep of nodes was begun and not ended. */
export async function readSweepMark(local: Level): Promise<boolean> {
  return (await guardLevel(local, local.get(SWEEP_KEY))) !== undefined;
}

/** Durable when it resolves, and with it everything that was written to local/ before. */
export function writeSweepMark(local: Level, sweeping: boolean): Promise<void> {
  return put(local, SWEEP_KEY, sweeping ? Buffer.from([1]) : null);
}
