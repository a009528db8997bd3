/** Which records lie in which archive, and which jobs are under way: kept in the store's local/, or made anew from the vault. */
import { ByteReader, ByteWriter, ENCODING_BYTE, encodingOfByte, type TableRecord } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { recordKeys, writeLocation } from "../blobsfile/location.ts";
import type { RecordIndex } from "../record-index.ts";
import type { ByteRange } from "./vault-client.ts";

export interface ArchiveFacts {
  /** The pack's name: in the archive's description, too. */
  pack: string;
  id: string;
  bytes: number;
  /** Bytes of its records that were forgotten; absent: none. */
  dead?: number;
}

/** A retrieval that was asked for. */
export interface PendingJob {
  id: string;
  pack: string;
  range: ByteRange;
}

export interface Catalogue {
  /** Enters records under their names for the server, where an older version did not. */
  enterNames(): Promise<void>;
  find(names: readonly Buffer[]): (RecordInfo | null)[];
  archives(): Promise<ArchiveFacts[]>;
  archive(pack: string): ArchiveFacts | null;
  /** Packs of archives in which records are. */
  usedPacks(): Promise<Set<string>>;
  /** Durable when it resolves. What another archive has already stays its own. */
  add(archive: ArchiveFacts, records: readonly (TableRecord & { offset: number })[]): Promise<void>;
  forget(names: readonly Buffer[]): Promise<void>;
  /** Forgets an archive that is gone, and what was being retrieved from it. */
  dropArchive(pack: string): Promise<void>;
  /** Packs of archives that are being deleted, or were: inventories may list them for some time. */
  deletedPacks(): Promise<string[]>;
  noteDeleted(pack: string): Promise<void>;
  forgetDeleted(pack: string): Promise<void>;
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
const DELETED = Buffer.from("x");
const NAMED = Buffer.from("n");
const INVENTORY = Buffer.from("i");
/** Records that are entered at once. */
const PAGE_RECORDS = 1000;
const DURABLE = { durable: true };

export function openCatalogue(index: RecordIndex, nameLength: number): Catalogue {
  const archives = archiveNotes(index);
  return { ...recordNotes(index, archives, nameLength), ...archives, ...jobNotes(index) };
}

function keyOf(name: Buffer): Buffer {
  return Buffer.concat([RECORD, name]);
}

function named(prefix: Buffer, text: string): Buffer {
  return Buffer.concat([prefix, Buffer.from(text)]);
}

/** The end of the range of all keys that begin with one letter. */
function after(prefix: Buffer): Buffer {
  return Buffer.from([prefix[0]! + 1]);
}

async function allJson<T>(index: RecordIndex, prefix: Buffer): Promise<T[]> {
  const found: T[] = [];
  for await (const [, value] of index.entries(prefix, after(prefix)))
    found.push(JSON.parse(value.toString()) as T);
  return found;
}

function archiveEntry(facts: ArchiveFacts): [Buffer, Buffer] {
  return [named(ARCHIVE, facts.pack), Buffer.from(JSON.stringify(facts))];
}

type RecordNotes = Pick<Catalogue, "enterNames" | "find" | "usedPacks" | "add" | "forget">;
type JobNotes = Pick<Catalogue, "jobs" | "putJob" | "dropJob" | "inventoryJob" | "setInventoryJob">;
type ArchiveNotes = Omit<Catalogue, keyof RecordNotes | keyof JobNotes>;

function recordNotes(index: RecordIndex, { archive }: ArchiveNotes, nameLength: number): RecordNotes {
  function find(names: readonly Buffer[]): (RecordInfo | null)[] {
    const values = index.getMany(names.map(keyOf));
    return names.map((name, at) => {
      const value = values[at];
      return value === undefined ? null : decode(name, value);
    });
  }
  return {
    find,
    async enterNames() {
      if (index.getMany([NAMED])[0] !== undefined) return;
      let puts: [Buffer, Buffer][] = [];
      for await (const [key, value] of index.entries(RECORD, after(RECORD))) {
        puts.push(nameEntry(decode(Buffer.from(key.subarray(1)), value)));
        if (puts.length < PAGE_RECORDS) continue;
        await index.write(puts, []);
        puts = [];
      }
      await index.write([...puts, [NAMED, Buffer.from([1])]], [], DURABLE);
    },
    async usedPacks() {
      const found = new Set<string>();
      for await (const [key, value] of index.entries(RECORD, after(RECORD)))
        found.add(decode(key.subarray(1), value).pack);
      return found;
    },
    async add(facts, records) {
      const known = find(records.map(({ name }) => name));
      const fresh = records.filter((_, at) => known[at] === null);
      const puts = fresh.flatMap((record): [Buffer, Buffer][] => [
        [keyOf(record.name), encode(record, facts.pack)],
        nameEntry(record),
      ]);
      await index.write([...puts, archiveEntry(facts)], [], DURABLE);
    },
    async forget(names) {
      const dead = new Map<string, ArchiveFacts>();
      for (const info of find(names)) {
        const facts = info && (dead.get(info.pack) ?? archive(info.pack));
        if (info && facts)
          dead.set(info.pack, { ...facts, dead: (facts.dead ?? 0) + sizeOf(info, nameLength) });
      }
      const gone = [...names.map(keyOf), ...recordKeys("data", names)];
      await index.write([...dead.values()].map(archiveEntry), gone, DURABLE);
    },
  };
}

function archiveNotes(index: RecordIndex): ArchiveNotes {
  return {
    archives: () => allJson(index, ARCHIVE),
    archive(pack) {
      const [value] = index.getMany([named(ARCHIVE, pack)]);
      return value === undefined ? null : (JSON.parse(value.toString()) as ArchiveFacts);
    },
    async dropArchive(pack) {
      const jobs = (await allJson<PendingJob>(index, JOB)).filter((job) => job.pack === pack);
      const gone = [named(ARCHIVE, pack), ...jobs.map(({ id }) => named(JOB, id))];
      await index.write([], gone, DURABLE);
    },
    async deletedPacks() {
      const found: string[] = [];
      for await (const [key] of index.entries(DELETED, after(DELETED)))
        found.push(key.subarray(1).toString());
      return found;
    },
    noteDeleted: (pack) => index.write([[named(DELETED, pack), Buffer.from([1])]], [], DURABLE),
    forgetDeleted: (pack) => index.write([], [named(DELETED, pack)], DURABLE),
  };
}

function jobNotes(index: RecordIndex): JobNotes {
  return {
    jobs: () => allJson(index, JOB),
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

/** An entry as blobsfile's index has it: the server reads it among those of the warm backend. */
function nameEntry(record: TableRecord & { offset: number }): [Buffer, Buffer] {
  const { name, offset, payloadLength, length, encoding, base } = record;
  writer.reset();
  writeLocation(writer, { pack: 1, offset, payloadLength, length, encoding, base });
  return [recordKeys("data", [name])[0]!, Buffer.from(writer.finish())];
}

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
