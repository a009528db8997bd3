/** Many small records as a few large arrays: what crosses threads is transferred, and costs no object per record. */
import { type BlobRecord, ENCODING_BYTE, encodingOfByte, type RecordKind } from "@datadb/protocol";

/** Records of one kind. `ends` are the ends of the payloads in `payload`; `bases` is empty when no record has one. */
export interface PackedRecords {
  kind: RecordKind;
  names: Uint8Array<ArrayBuffer>;
  /** A name for each record, zeros where it has no base. */
  bases: Uint8Array<ArrayBuffer>;
  encodings: Uint8Array<ArrayBuffer>;
  lengths: Uint32Array<ArrayBuffer>;
  ends: Uint32Array<ArrayBuffer>;
  payload: Uint8Array<ArrayBuffer>;
}

/** Stands in `encodings` for a record that is not there. */
const ABSENT = 255;

/** Packs records of one kind; null (absent) keeps its place. Payloads are copied, so slabs may be used again. */
export function packRecords(
  kind: RecordKind,
  records: readonly (BlobRecord | null)[],
  nameBytes: number,
): PackedRecords {
  let total = 0;
  let withBase = false;
  for (const record of records) {
    total += record?.payload.length ?? 0;
    withBase ||= record != null && record.base !== null;
  }
  const packed: PackedRecords = {
    kind,
    names: new Uint8Array(records.length * nameBytes),
    bases: new Uint8Array(withBase ? records.length * nameBytes : 0),
    encodings: new Uint8Array(records.length).fill(ABSENT),
    lengths: new Uint32Array(records.length),
    ends: new Uint32Array(records.length),
    payload: new Uint8Array(total),
  };
  let at = 0;
  records.forEach((record, i) => {
    if (record !== null) {
      packed.names.set(record.name, i * nameBytes);
      if (record.base !== null) packed.bases.set(record.base, i * nameBytes);
      packed.encodings[i] = ENCODING_BYTE[record.encoding];
      packed.lengths[i] = record.length;
      packed.payload.set(record.payload, at);
      at += record.payload.length;
    }
    packed.ends[i] = at;
  });
  return packed;
}

/** The records again; names and payloads are views. */
export function unpackRecords(packed: PackedRecords, nameBytes: number): (BlobRecord | null)[] {
  const { kind, encodings, lengths, ends } = packed;
  const names = bufferOf(packed.names);
  const bases = bufferOf(packed.bases);
  const payload = bufferOf(packed.payload);
  const records: (BlobRecord | null)[] = [];
  let from = 0;
  for (let i = 0; i < encodings.length; i++) {
    const to = ends[i]!;
    const encoding = encodings[i]!;
    records.push(
      encoding === ABSENT
        ? null
        : {
            kind,
            name: names.subarray(i * nameBytes, (i + 1) * nameBytes),
            encoding: encodingOfByte(encoding),
            base: nameAt(bases, i, nameBytes),
            length: lengths[i]!,
            payload: payload.subarray(from, to),
          },
    );
    from = to;
  }
  return records;
}

/** One of many names; null where there are only zeros, or nothing. */
export function nameAt(names: Buffer, index: number, nameBytes: number): Buffer | null {
  const name = names.subarray(index * nameBytes, (index + 1) * nameBytes);
  return name.some((byte) => byte !== 0) ? name : null;
}

/** What to transfer with a message that holds packed records. */
export function transferOf(packed: PackedRecords): ArrayBuffer[] {
  const { names, bases, encodings, lengths, ends, payload } = packed;
  return [names.buffer, bases.buffer, encodings.buffer, lengths.buffer, ends.buffer, payload.buffer];
}

/** The same bytes as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
