/** Entries of the index: laid out as those of blobsfile, since the server reads both, with the epoch where they have the pack. */
import { type BlobRecord, ByteWriter } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { decodeLocation, writeLocation } from "../blobsfile/location.ts";

/** What an entry tells of a record. */
export type EntryFacts = Pick<RecordInfo, "encoding" | "base" | "length" | "payloadLength"> & {
  epoch: number;
};

/** The index value of a record. */
export function encodeEntry({ epoch, encoding, base, length, payloadLength }: EntryFacts): Buffer {
  const writer = new ByteWriter(64);
  writeLocation(writer, { pack: epoch, offset: 0, payloadLength, length, encoding, base });
  return writer.finish();
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
