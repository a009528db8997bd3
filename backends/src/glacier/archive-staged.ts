/** Moves data records out of the warm backend into archives: uploaded, catalogued, and only then forgotten there. */
import { randomBytes } from "node:crypto";
import {
  type BlobRecord,
  encodePackHeader,
  encodePackTable,
  encodeRecord,
  MAX_BATCH_NAMES,
  PACK_FLAG_TABLE,
  PACK_HEADER_BYTES,
  recordSize,
} from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { countUploaded } from "../traffic.ts";
import { sizeOf } from "./catalogue.ts";
import { describePack, type VaultPlace } from "./vault-place.ts";

/** Payloads that are read from the warm backend at a time. */
const READ_BYTES: number = 4 * 1024 * 1024;
/** Keys of packs whose upload began: should the process end, nobody knows whether it ended. */
const BEGUN = Buffer.from("p");

/** Names of packs that were begun and are not in the catalogue: what the vault has of them is nobody's. */
export async function abandonedPacks({ index, catalogue }: VaultPlace): Promise<string[]> {
  const found: string[] = [];
  for await (const [key] of index.entries(BEGUN, Buffer.from("q"))) {
    const pack = key.subarray(1).toString();
    if (catalogue.archive(pack) === null) found.push(pack);
    else await index.write([], [key]);
  }
  return found;
}

export async function forgetAbandoned({ index }: VaultPlace, pack: string): Promise<void> {
  await index.write([], [Buffer.concat([BEGUN, Buffer.from(pack)])], { durable: true });
}

/** `dropRetrieved`: also what lies in archives and was retrieved is forgotten in the warm backend. */
export async function archiveStaged(
  place: VaultPlace,
  { signal, dropRetrieved = false }: { signal?: AbortSignal | undefined; dropRetrieved?: boolean } = {},
): Promise<{ archives: number; bytes: number }> {
  const { warm, catalogue, options, nameLength } = place;
  const done = { archives: 0, bytes: 0 };
  let group: RecordInfo[] = [];
  let size = 0;
  const close = async (): Promise<void> => {
    if (group.length === 0) return;
    done.bytes += await archiveGroup(place, group);
    done.archives += 1;
    [group, size] = [[], 0];
  };
  await warm.flush(["data"]);
  for await (const { records } of warm.list("data", signal)) {
    const names = records.map(({ name }) => name);
    const [there, archived] = [await warm.statMany("data", names), catalogue.find(names)];
    const retrieved = names.filter((_, at) => archived[at] !== null);
    if (dropRetrieved && retrieved.length > 0) await warm.removeMany("data", retrieved);
    for (const [at, info] of records.entries()) {
      const current = there[at]?.pack === info.pack && there[at]?.offset === info.offset;
      if (!current || archived[at] !== null) continue;
      const bytes = sizeOf(info, nameLength);
      if (size + bytes > options.archiveBytes) await close();
      signal?.throwIfAborted();
      group.push(info);
      size += bytes;
    }
  }
  await close();
  if (done.archives > 0 || dropRetrieved) await warm.compact({ unused: 0.1, signal });
  return done;
}

async function archiveGroup(place: VaultPlace, group: readonly RecordInfo[]): Promise<number> {
  const { client, catalogue, warm, storeId, hash, index } = place;
  const records = await readGroup(place, group);
  const pack = `data-${Date.now().toString(36)}-${randomBytes(6).toString("hex")}`;
  const about = { kind: "data" as const, hash, storeId };
  const header = encodePackHeader({ ...about, created: Date.now(), flags: PACK_FLAG_TABLE, epoch: 0 });
  const table = encodePackTable(
    about,
    records.map((record) => ({ ...record, payloadLength: record.payload.length })),
  );
  const body = Buffer.concat([header, ...records.flatMap(encodeRecord), table]);
  await index.write([[Buffer.concat([BEGUN, Buffer.from(pack)]), Buffer.from([1])]], [], { durable: true });
  const id = await client.upload(describePack(storeId, pack, table.length), body);
  let offset = PACK_HEADER_BYTES;
  const entries = records.map((record) => {
    const at = offset;
    offset += recordSize(record, place.nameLength);
    return { ...record, payloadLength: record.payload.length, offset: at };
  });
  await catalogue.add({ pack, id, bytes: body.length }, entries);
  countUploaded(place.traffic, records);
  await forgetAbandoned(place, pack);
  await warm.removeMany(
    "data",
    records.map(({ name }) => name),
  );
  return body.length;
}

async function readGroup({ warm }: VaultPlace, group: readonly RecordInfo[]): Promise<BlobRecord[]> {
  const records: BlobRecord[] = [];
  for (let from = 0; from < group.length; ) {
    let [to, bytes] = [from, 0];
    while (to < group.length && to - from < MAX_BATCH_NAMES && (to === from || bytes < READ_BYTES))
      bytes += group[to++]!.payloadLength;
    const names = group.slice(from, to).map(({ name }) => name);
    // One that was removed meanwhile is left out.
    for (const record of await warm.getMany("data", names)) if (record !== null) records.push(record);
    from = to;
  }
  return records;
}
