/** Nodes of the previous backup for a worker: as they are stored where that is possible, so that it decodes them. */
import { type BlobRecord, type HashAlgorithm, hashLength } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { fetchContents } from "../tree/fetch-contents.ts";
import { fetchRecords } from "../tree/fetch-records.ts";
import { bufferOf, type PackedRecords, packRecords } from "./packed-records.ts";

/** `packedNames` one after another. What is missing or damaged is absent: it will be made again. */
export async function fetchPacked(
  connection: Connection,
  hash: HashAlgorithm,
  packedNames: Uint8Array,
): Promise<PackedRecords> {
  const n = hashLength(hash);
  const all = bufferOf(packedNames);
  const names = Array.from({ length: all.length / n }, (_, i) => all.subarray(i * n, (i + 1) * n));
  const records = await fetchRecords(connection, "node", names);
  const whole = records.map((record) =>
    record === null || record instanceof Error || record.base !== null ? null : record,
  );
  await Promise.all(
    records.map(async (record, i) => {
      if (record === null || record instanceof Error || record.base === null) return;
      whole[i] = await withoutBase(connection, hash, record);
    }),
  );
  return packRecords("node", whole, n);
}

async function withoutBase(
  connection: Connection,
  hash: HashAlgorithm,
  { kind, name }: BlobRecord,
): Promise<BlobRecord | null> {
  const [content] = await fetchContents(connection, hash, kind, [name]);
  if (content === undefined || content instanceof Error) return null;
  return { kind, name, encoding: "raw", base: null, length: content.length, payload: content };
}
