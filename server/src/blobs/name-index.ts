/** All records of a store, in order of their names: what BSCAN, BCNT, statistics and samples are made of. */
import type { Backend } from "@datadb/backends";
import { ByteReader, type Encoding, encodingOfByte, KIND_BYTE, type RecordKind } from "@datadb/protocol";
import { readPages } from "../keyspace/committed-view.ts";
import type { Level } from "../keyspace/open-level.ts";
import { prefixEnd } from "../keyspace/raw-key.ts";
import { readAll } from "../keyspace/read-all.ts";

/** What is known of a record without reading it. */
export interface RecordFacts {
  readonly name: Buffer;
  /** Bytes of the content. */
  readonly length: number;
  readonly payloadLength: number;
  readonly encoding: Encoding;
  /** The record was found to be damaged: absent for writers. */
  readonly distrusted: boolean;
  /** Of a delta; a view that lives as long as the page. */
  readonly base: Buffer | null;
}

/** The index as it was at one moment. */
export interface FrozenIndex {
  records(kind: RecordKind): AsyncIterable<readonly RecordFacts[]>;
  has(kind: RecordKind, name: Buffer): boolean;
  /** What is known of one record; null when it is not in the index. */
  facts(kind: RecordKind, name: Buffer): RecordFacts | null;
  close(): Promise<void>;
}

export interface NameIndex {
  /** Pages of records, from the name `from` on. What is not durable yet may be left out. */
  records(kind: RecordKind, from?: Buffer): AsyncIterable<readonly RecordFacts[]>;
  /** What is flushed now, whatever is put and removed later. Close it. */
  freeze(): Promise<FrozenIndex>;
}

/** A zero when it is distrusted, varint pack, offset, payload length, length, 1 byte encoding: see docs/formats.md. */
function factsOf(name: Buffer, value: Buffer): RecordFacts {
  const distrusted = value[0] === 0;
  const reader = new ByteReader(distrusted ? value.subarray(1) : value);
  reader.varint();
  reader.varint();
  const payloadLength = reader.varint();
  const length = reader.varint();
  const encoding = encodingOfByte(reader.u8());
  const base = reader.done ? null : reader.raw(reader.remaining);
  return { name, payloadLength, length, encoding, base, distrusted };
}

/** Over the index of the leaf whose keys begin with `prefix`. */
export function levelNameIndex(level: Level, prefix: Buffer): NameIndex {
  type Snapshot = ReturnType<Level["snapshot"]>;
  async function* read(
    kind: RecordKind,
    from?: Buffer,
    snapshot?: Snapshot,
  ): AsyncGenerator<readonly RecordFacts[]> {
    const first = Buffer.concat([prefix, Buffer.from([KIND_BYTE[kind]])]);
    const gte = from === undefined ? first : Buffer.concat([first, from]);
    const range = { gte, lt: prefixEnd(first), ...(snapshot === undefined ? {} : { snapshot }) };
    for await (const page of from === undefined ? readAll(level, range) : readPages(level, range)) {
      yield page.map(([key, value]) => factsOf(key.subarray(first.length), value));
    }
  }
  return {
    records: (kind, from) => read(kind, from),
    async freeze() {
      const snapshot = level.snapshot();
      const value = (kind: RecordKind, name: Buffer): Buffer | undefined =>
        level.getSync(Buffer.concat([prefix, Buffer.from([KIND_BYTE[kind]]), name]), { snapshot });
      return {
        records: (kind) => read(kind, undefined, snapshot),
        has: (kind, name) => value(kind, name) !== undefined,
        facts(kind, name) {
          const found = value(kind, name);
          return found === undefined ? null : factsOf(name, found);
        },
        close: () => snapshot.close(),
      };
    },
  };
}

/** Over a backend without an index in local/, by listing it: what was removed may still lie in its packs. */
export function listedNameIndex(backend: Backend): NameIndex {
  async function listed(kind: RecordKind, from?: Buffer): Promise<Map<string, RecordFacts>> {
    const found: RecordFacts[] = [];
    for await (const { records } of backend.list(kind)) {
      const known = await backend.statMany(
        kind,
        records.map(({ name }) => name),
      );
      records.forEach((record, at) => {
        const { pack, offset } = known[at] ?? {};
        if (pack !== record.pack || offset !== record.offset) return;
        if (from === undefined || from.compare(record.name) <= 0)
          found.push({ ...record, distrusted: false });
      });
    }
    found.sort((a, b) => a.name.compare(b.name));
    return new Map(found.map((facts) => [facts.name.toString("latin1"), facts]));
  }
  return {
    async *records(kind, from) {
      yield [...(await listed(kind, from)).values()];
    },
    async freeze() {
      const all = { data: await listed("data"), node: await listed("node"), log: await listed("log") };
      return {
        async *records(kind) {
          yield [...all[kind].values()];
        },
        has: (kind, name) => all[kind].has(name.toString("latin1")),
        facts: (kind, name) => all[kind].get(name.toString("latin1")) ?? null,
        close: async () => {},
      };
    },
  };
}
