/** What a server answers about records. */
import {
  type BlobRecord,
  DamagedError,
  decodeRecord,
  type Encoding,
  type PlainReply,
  type RecordKind,
  WrongReplyError,
} from "@datadb/protocol";
import type { PackListing, RecordInfo } from "../backend.ts";

/** The record that was asked for; its checksum, kind and name are verified. Throws DAMAGED. */
export function readRecord(reply: PlainReply, kind: RecordKind, name: Buffer, shown: string): BlobRecord {
  if (!Buffer.isBuffer(reply)) throw new WrongReplyError(`${shown} did not answer a record`);
  const wrong = (why: string): DamagedError =>
    new DamagedError(`${kind} ${name.toString("hex")} came damaged from ${shown}: ${why}`, {
      fields: { kind, name: name.toString("hex") },
    });
  let record: BlobRecord;
  try {
    record = decodeRecord(reply, 0, name.length).record;
  } catch (error) {
    throw wrong((error as Error).message);
  }
  if (record.kind !== kind || !record.name.equals(name)) throw wrong("it is another record");
  return record;
}

export function readInfo(reply: PlainReply, kind: RecordKind, name: Buffer): RecordInfo | null {
  if (reply === null) return null;
  const [encoding, base, length, payloadLength, pack, offset] = arrayOf(reply);
  return { ...infoOf(kind, name, [encoding, base, length, payloadLength, offset]), pack: String(pack) };
}

/** One listing of a pack, without what lies at or before `after`. */
export function readListing(reply: PlainReply, kind: RecordKind, pack: string, after: number): PackListing {
  const [torn, damaged, ...records] = arrayOf(reply);
  const bounds = arrayOf(damaged ?? []).map(Number);
  const ranges = Array.from({ length: bounds.length / 2 }, (_, at) => ({
    from: bounds[2 * at]!,
    to: bounds[2 * at + 1]!,
  }));
  const infos = records.map((record) => {
    const [name, ...rest] = arrayOf(record);
    return { ...infoOf(kind, name as Buffer, rest), pack };
  });
  return {
    ...{ pack, kind },
    records: infos.filter(({ offset }) => offset > after),
    damaged: ranges.filter(({ from }) => from > after),
    ...(torn === null || torn === undefined ? {} : { torn: Number(torn) }),
  };
}

/** A flat reply of names and integers. */
export function readNumbers(reply: PlainReply): Record<string, number> {
  const flat = arrayOf(reply);
  const pairs: [string, number][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([String(flat[at]), Number(flat[at + 1])]);
  return Object.fromEntries(pairs);
}

export function arrayOf(reply: PlainReply): PlainReply[] {
  if (!Array.isArray(reply)) throw new WrongReplyError("the server did not answer an array");
  return reply;
}

function infoOf(
  kind: RecordKind,
  name: Buffer,
  [encoding, base, length, payloadLength, offset]: (PlainReply | undefined)[],
): Omit<RecordInfo, "pack"> {
  return {
    ...{ kind, name },
    encoding: String(encoding) as Encoding,
    base: Buffer.isBuffer(base) ? base : null,
    length: Number(length),
    payloadLength: Number(payloadLength),
    offset: Number(offset),
  };
}
