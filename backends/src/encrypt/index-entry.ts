/** Entries of the index: laid out as those of blobsfile, since the server reads both, with the epoch where they have the pack. */
import { type BlobRecord, ByteWriter, type RecordKind } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { decodeLocation, recordKeys, writeLocation } from "../blobsfile/location.ts";

/** What an entry tells of a record. */
export type EntryFacts = Pick<RecordInfo, "encoding" | "base" | "length" | "payloadLength"> & {
  epoch: number;
};

function writeEntry(writer: ByteWriter, { epoch, encoding, base, length, payloadLength }: EntryFacts): void {
  writeLocation(writer, { pack: epoch, offset: 0, payloadLength, length, encoding, base });
}

/** Keys and values for records with these names: views of two pieces of memory. */
export function entriesFor(
  kind: RecordKind,
  names: readonly Buffer[],
  facts: readonly EntryFacts[],
): [Buffer, Buffer][] {
  const keys = recordKeys(kind, names);
  const writer = new ByteWriter(32 * names.length);
  const ends: number[] = [];
  for (let at = 0; at < facts.length; at++) {
    writeEntry(writer, facts[at]!);
    ends.push(writer.length);
  }
  const values = writer.finish();
  const entries: [Buffer, Buffer][] = [];
  for (let at = 0; at < keys.length; at++)
    entries.push([keys[at]!, values.subarray(at === 0 ? 0 : ends[at - 1], ends[at])]);
  return entries;
}

/** What an index value says; `base` is a view of it. */
export function decodeEntry(value: Buffer): EntryFacts {
  const { pack, encoding, base, length, payloadLength } = decodeLocation(value);
  return { epoch: pack, encoding, base, length, payloadLength };
}

/** The facts of a record that is sealed with the data key of `epoch`. */
export function factsOf({ encoding, base, length, payload }: BlobRecord, epoch: number): EntryFacts {
  return { epoch, encoding, base, length, payloadLength: payload.length };
}
