/** Which records lie in which archive, and which jobs are under way: kept in the store's local/, or made anew from the vault. */
import { ByteReader, ByteWriter, ENCODING_BYTE, encodingOfByte, type TableRecord } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import type { RecordIndex } from "../record-index.ts";
import type { ByteRange } from "./vault-client.ts";

interface ArchiveFacts {
  /** The pack's name: in the archive's description, too. */
  pack: string;
  id: string;
  bytes: number;
}

/** A retrieval that was asked for. */
export interface PendingJob {
  id: string;
  pack: string;
  range: ByteRange;
}

export interface Catalogue {
  find(names: readonly Buffer[]): (RecordInfo | null)[];
  archives(): Promise<ArchiveFacts[]>;
  archive(pack: string): ArchiveFacts | null;
  /** Names of the records of an archive, with where they lie. */
  recordsOf(pack: string): Promise<{ name: Buffer; offset: number; size: number }[]>;
  /** Durable when it resolves. What another archive has already stays its own. */
  add(archive: ArchiveFacts, records: readonly (TableRecord & { offset: number })[]): Promise<void>;
  forget(names: readonly Buffer[]): Promise<void>;
  dropArchive(pack: string): Promise<void>;
  jobs(): Promise<PendingJob[]>;
  putJob(job: PendingJob): Promise<void>;
  dropJob(id: string): Promise<void>;
  /** The inventory that is being waited for. */
  inventoryJob(): string | null;
  setInventoryJob(id: string | null): Promise<void>;
}

const RECORD = Buffer.from("r");
const ARCHIVE = Buffer.from("a");
const JOB = Buffer.from("j");
const INVENTORY = Buffer.from("i");
const DURABLE = { durable: true };

export function openCatalogue(index: RecordIndex, nameLength: number): Catalogue {
  const keyOf = (name: Buffer): Buffer => Buffer.concat([RECORD, name]);
  const named = (prefix: Buffer, text: string): Buffer => Buffer.concat([prefix, Buffer.from(text)]);

  async function* json<T>(prefix: Buffer): AsyncGenerator<T> {
    const end = Buffer.from([prefix[0]! + 1]);
    for await (const [, value] of index.entries(prefix, end)) yield JSON.parse(value.toString()) as T;
  }
  async function all<T>(prefix: Buffer): Promise<T[]> {
    const found: T[] = [];
    for await (const one of json<T>(prefix)) found.push(one);
    return found;
  }
  function find(names: readonly Buffer[]): (RecordInfo | null)[] {
    const values = index.getMany(names.map(keyOf));
    return names.map((name, at) => {
      const value = values[at];
      return value === undefined ? null : decode(name, value);
    });
  }

  return {
    find,
    archives: () => all(ARCHIVE),
    archive(pack) {
      const [value] = index.getMany([named(ARCHIVE, pack)]);
      return value === undefined ? null : (JSON.parse(value.toString()) as ArchiveFacts);
    },
    async recordsOf(pack) {
      const found: { name: Buffer; offset: number; size: number }[] = [];
      for await (const [key, value] of index.entries(RECORD, Buffer.from("s"))) {
        const info = decode(Buffer.from(key.subarray(1)), value);
        if (info.pack !== pack) continue;
        found.push({ name: info.name, offset: info.offset, size: sizeOf(info, nameLength) });
      }
      return found;
    },
    async add(archive, records) {
      const known = find(records.map(({ name }) => name));
      const puts: [Buffer, Buffer][] = records
        .filter((_, at) => known[at] === null)
        .map((record) => [keyOf(record.name), encode(record, archive.pack)]);
      puts.push([named(ARCHIVE, archive.pack), Buffer.from(JSON.stringify(archive))]);
      await index.write(puts, [], DURABLE);
    },
    forget: (names) => index.write([], names.map(keyOf), DURABLE),
    dropArchive: (pack) => index.write([], [named(ARCHIVE, pack)], DURABLE),
    jobs: () => all(JOB),
    putJob: (job) => index.write([[named(JOB, job.id), Buffer.from(JSON.stringify(job))]], [], DURABLE),
    dropJob: (id) => index.write([], [named(JOB, id)], DURABLE),
    inventoryJob: () => index.getMany([INVENTORY])[0]?.toString() ?? null,
    setInventoryJob: (id) =>
      id === null
        ? index.write([], [INVENTORY], DURABLE)
        : index.write([[INVENTORY, Buffer.from(id)]], [], DURABLE),
  };
}

/** Bytes of a record in a pack. */
export function sizeOf(
  { base, payloadLength }: Pick<RecordInfo, "base" | "payloadLength">,
  nameLength: number,
): number {
  return 16 + nameLength * (base === null ? 1 : 2) + payloadLength + 4;
}

const writer: ByteWriter = new ByteWriter(256);

/** 1 byte encoding, varints offset, length and length of the payload, `bytes` pack, base. */
function encode(
  { encoding, offset, length, payloadLength, base }: TableRecord & { offset: number },
  pack: string,
): Buffer {
  writer.reset();
  writer.u8(ENCODING_BYTE[encoding]);
  writer.varint(offset);
  writer.varint(length);
  writer.varint(payloadLength);
  writer.bytes(Buffer.from(pack));
  if (base !== null) writer.raw(base);
  return Buffer.from(writer.finish());
}

function decode(name: Buffer, value: Buffer): RecordInfo {
  const reader = new ByteReader(value);
  const encoding = encodingOfByte(reader.u8());
  const [offset, length, payloadLength] = [reader.varint(), reader.varint(), reader.varint()];
  const pack = reader.bytes().toString();
  const base = reader.done ? null : reader.raw(reader.remaining);
  return { kind: "data", name, encoding, base, length, payloadLength, pack, offset };
}
