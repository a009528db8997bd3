/** The last log record that the keyspace holds. */
import { ByteReader, ByteWriter } from "@datadb/protocol";

export interface Head {
  /** 0 before the first record. */
  readonly sequence: number;
  /** Name of the record; zeros before the first. */
  readonly name: Buffer;
}

/** The head of an empty log; `n` is the length of a name. */
export function emptyHead(n: number): Head {
  return { sequence: 0, name: Buffer.alloc(n) };
}

/** Varint sequence number, name. */
export function encodeHead({ sequence, name }: Head): Buffer {
  const writer = new ByteWriter(48);
  writer.varint(sequence);
  writer.raw(name);
  return writer.finish();
}

/** The head that encodeHead wrote. Throws DECODE. */
export function decodeHead(value: Buffer, n: number): Head {
  const reader = new ByteReader(value);
  return { sequence: reader.varint(), name: Buffer.from(reader.raw(n)) };
}
