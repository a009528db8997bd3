/** What may go wrong with the bytes of a store, applied to its packs and to its LevelDBs. */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, PackScanner, type RecordKind } from "@datadb/protocol";
import { ClassicLevel } from "classic-level";

export const CORRUPTIONS = [
  "bit flip",
  "truncation",
  "zeroed range",
  "deleted file",
  "duplicated record",
  "swapped records",
  "stale index",
] as const;
export type Corruption = (typeof CORRUPTIONS)[number];

/** A place in a pack. */
interface Found {
  offset: number;
  size: number;
  name: Buffer;
}

const PREFIX: Record<RecordKind, string> = { data: "blobs-", node: "nodes-", log: "log-" };
const KIND_NUMBER: Record<RecordKind, number> = { data: 1, node: 2, log: 3 };

function packsOf(store: string, kind: RecordKind): string[] {
  const directory = join(store, "blobs");
  return readdirSync(directory)
    .filter((name) => name.startsWith(PREFIX[kind]))
    .sort()
    .map((name) => join(directory, name));
}

function recordsOf(pack: string, kind: RecordKind): Found[] {
  const scanner = new PackScanner({ n: 32, kind });
  const events = [...scanner.push(readFileSync(pack).subarray(64)), ...scanner.finish()];
  return events.flatMap((event) =>
    event.type === "record" ? [{ offset: event.offset, size: event.size, name: event.head.name }] : [],
  );
}

/** Flips bytes in the middle of the largest record of the first pack: a chunk of a large file, wherever in the pack that came to lie. */
export function damageLargestRecord(store: string, kind: RecordKind): void {
  const pack = packsOf(store, kind)[0] as string;
  const records = recordsOf(pack, kind).sort((a, b) => b.size - a.size);
  const { offset, size } = records[0] as Found;
  const bytes = readFileSync(pack);
  for (let at = offset + size / 2; at < offset + size / 2 + 64; at++) bytes[Math.floor(at)]! ^= 0xa5;
  writeFileSync(pack, bytes);
}

/** Changes entries of a LevelDB. */
async function editLevel(
  location: string,
  edit: (entries: [Buffer, Buffer][]) => { puts?: [Buffer, Buffer][]; dels?: Buffer[] },
): Promise<void> {
  const level = new ClassicLevel<Buffer, Buffer>(location, {
    keyEncoding: "buffer",
    valueEncoding: "buffer",
  });
  const entries = await level.iterator().all();
  const { puts = [], dels = [] } = edit(entries);
  const batch = level.batch();
  for (const [key, value] of puts) batch.put(key, value);
  for (const key of dels) batch.del(key);
  await batch.write({ sync: true });
  await level.close();
}

/** Entries of the index of one kind. */
function indexEntries(entries: readonly [Buffer, Buffer][], kind: RecordKind): [Buffer, Buffer][] {
  const prefix = Buffer.concat([Buffer.from("i/blobsfile:blobs/"), Buffer.from([KIND_NUMBER[kind]])]);
  return entries.filter(([key]) => key.subarray(0, prefix.length).equals(prefix));
}

/** By pack and offset, with which the values of an index begin. */
function byPlace([, one]: [Buffer, Buffer], [, other]: [Buffer, Buffer]): number {
  const [left, right] = [new ByteReader(one), new ByteReader(other)];
  return left.varint() - right.varint() || left.varint() - right.varint();
}

/** How many records each pack of a kind has. */
export function recordCounts(store: string, kind: RecordKind): number[] {
  return packsOf(store, kind).map((pack) => recordsOf(pack, kind).length);
}

/** From the pack that so many come before: the first one of several records, else that one; and a record in its middle. */
function victim(
  store: string,
  kind: RecordKind,
  from: number,
): { pack: string; record: Found; records: Found[] } {
  const packs = packsOf(store, kind).slice(from);
  const pack = packs.find((one) => recordsOf(one, kind).length > 1) ?? (packs[0] as string);
  const records = recordsOf(pack, kind);
  return { pack, records, record: records[Math.floor((records.length - 1) / 2)] as Found };
}

/** Does it to a pack of a kind: one of the first, or of those that so many come before. */
export async function corruptPack(
  store: string,
  kind: RecordKind,
  corruption: Corruption,
  from = 0,
): Promise<void> {
  const { pack, record, records } = victim(store, kind, from);
  const bytes = readFileSync(pack);
  const next = records[records.indexOf(record) + 1] as Found;
  switch (corruption) {
    case "bit flip":
      bytes[record.offset + record.size - 10]! ^= 4;
      return writeFileSync(pack, bytes);
    case "truncation":
      return writeFileSync(pack, bytes.subarray(0, record.offset + 20));
    case "zeroed range":
      return writeFileSync(pack, bytes.fill(0, record.offset, record.offset + record.size));
    case "deleted file":
      return rmSync(pack);
    case "duplicated record": {
      const last = packsOf(store, kind).at(-1) as string;
      const copy = bytes.subarray(record.offset, record.offset + record.size);
      return writeFileSync(last, Buffer.concat([readFileSync(last), copy]));
    }
    case "swapped records": {
      const parts = [
        bytes.subarray(0, record.offset),
        bytes.subarray(next.offset, next.offset + next.size),
        bytes.subarray(record.offset, record.offset + record.size),
        bytes.subarray(next.offset + next.size),
      ];
      return writeFileSync(pack, Buffer.concat(parts));
    }
    case "stale index":
      // As if it had fallen behind: what was written last is not in it.
      return editLevel(join(store, "local"), (entries) => {
        const known = indexEntries(entries, kind).sort(byPlace);
        return { dels: known.slice(known.length / 2).map(([key]) => key) };
      });
  }
}

function largestFile(directory: string): string {
  return readdirSync(directory)
    .filter((name) => /\.(log|ldb)$/.test(name))
    .map((name) => join(directory, name))
    .sort((a, b) => statSync(b).size - statSync(a).size)[0] as string;
}

/** Does it to the files of local/ or meta/; what has records to duplicate or swap are its entries. `older`: a copy from before. */
export async function corruptLevel(location: string, corruption: Corruption, older: string): Promise<void> {
  const file = largestFile(location);
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  switch (corruption) {
    case "bit flip":
      bytes[middle]! ^= 4;
      return writeFileSync(file, bytes);
    case "truncation":
      return writeFileSync(file, bytes.subarray(0, middle));
    case "zeroed range":
      return writeFileSync(file, bytes.fill(0, middle, middle + 64));
    case "deleted file":
      return rmSync(file);
    case "duplicated record":
      return editLevel(location, (entries) => {
        const [one, other] = neighbours(entries);
        return { puts: [[one[0], other[1]]] };
      });
    case "swapped records":
      return editLevel(location, (entries) => {
        const [one, other] = neighbours(entries);
        return {
          puts: [
            [one[0], other[1]],
            [other[0], one[1]],
          ],
        };
      });
    case "stale index":
      rmSync(location, { recursive: true });
      return cpSync(older, location, { recursive: true });
  }
}

/** Two entries of the same sort whose values differ: of backups in meta/, of chunks in local/. */
function neighbours(entries: readonly [Buffer, Buffer][]): [[Buffer, Buffer], [Buffer, Buffer]] {
  const index = indexEntries(entries, "data");
  // Headers of backups are the long ones among the headers of the reserved database.
  const some =
    index.length > 0 ? index : entries.filter(([key, value]) => key[0] === 0x6b && value.length > 200);
  return [some[0] as [Buffer, Buffer], some[1] as [Buffer, Buffer]];
}
