/** Entries of the index: laid out as those of blobsfile, since the server reads both, with the epoch where they have the pack. */
import { type BlobRecord, ByteWriter, KIND_BYTE, type RecordKind } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { decodeLocation, recordKeys, writeLocation } from "../blobsfile/location.ts";
import type { TellPuts } from "../record-index.ts";

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

/**
 * The same for records that the key of `epoch` seals, without memory of its own for each: in a first backup that would be as much as all else that is done
 * for an entry.
 */
export function tellEntries(
  kind: RecordKind,
  names: readonly Buffer[],
  records: readonly BlobRecord[],
  epoch: number,
): TellPuts {
  return (put) => {
    const key = Buffer.alloc(1 + (names[0]?.length ?? 0), KIND_BYTE[kind]);
    const writer = new ByteWriter();
    const values: Buffer[] = [];
    for (let at = 0; at < names.length; at++) {
      key.set(names[at]!, 1);
      writeEntry(writer, factsOf(records[at]!, epoch));
      values[writer.length] ??= Buffer.alloc(writer.length);
      const value = values[writer.length]!;
      writer.finishInto(value);
      put(key, value);
    }
  };
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
