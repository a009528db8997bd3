/** All records of a store, in order of their names: what BSCAN, BCNT, statistics and samples are made of. */
import type { Backend } from "@datadb/backends";
import { ByteReader, type Encoding, encodingOfByte, KIND_BYTE, type RecordKind } from "@datadb/protocol";
import { readPages } from "../keyspace/committed-view.ts";
import type { Level } from "../keyspace/open-level.ts";
import { prefixEnd } from "../keyspace/raw-key.ts";

/** What is known of a record without reading it. */
interface RecordFacts {
  readonly name: Buffer;
  /** Bytes of the content. */
  readonly length: number;
  readonly payloadLength: number;
  readonly encoding: Encoding;
  /** The record was found to be damaged: absent for writers. */
  readonly distrusted: boolean;
}

export interface NameIndex {
  /** Pages of records, from the name `from` on. What is not durable yet may be left out. */
  records(kind: RecordKind, from?: Buffer): AsyncIterable<readonly RecordFacts[]>;
}

/** A zero when it is distrusted, varint pack, offset, payload length, length, 1 byte encoding: see docs/formats.md. */
function factsOf(name: Buffer, value: Buffer): RecordFacts {
  const distrusted = value[0] === 0;
  const reader = new ByteReader(distrusted ? value.subarray(1) : value);
  reader.varint();
  reader.varint();
  const payloadLength = reader.varint();
  return { name, payloadLength, length: reader.varint(), encoding: encodingOfByte(reader.u8()), distrusted };
}

/** Over the index of the leaf whose keys begin with `prefix`. */
export function levelNameIndex(level: Level, prefix: Buffer): NameIndex {
  return {
    async *records(kind, from) {
      const first = Buffer.concat([prefix, Buffer.from([KIND_BYTE[kind]])]);
      const gte = from === undefined ? first : Buffer.concat([first, from]);
      for await (const page of readPages(level, { gte, lt: prefixEnd(first) })) {
        yield page.map(([key, value]) => factsOf(key.subarray(first.length), value));
      }
    },
  };
}

/** Over a backend without an index in local/, by listing it. */
export function listedNameIndex(backend: Backend): NameIndex {
  return {
    async *records(kind, from) {
      const found = new Map<string, RecordFacts>();
      for await (const { records } of backend.list(kind)) {
        for (const record of records)
          if (from === undefined || from.compare(record.name) <= 0)
            found.set(record.name.toString("latin1"), { ...record, distrusted: false });
      }
      yield [...found.values()].sort((a, b) => a.name.compare(b.name));
    },
  };
}
