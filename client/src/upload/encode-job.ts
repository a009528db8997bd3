/** Makes the job in which a worker encodes chunks: where they lie, and what their bases are made of. */
import type { BlobRecord, HashAlgorithm, RecordKind } from "@datadb/protocol";
import { hashLength } from "@datadb/protocol";
import type { LocalBlobs } from "../connection.ts";
import type { EncodeJob } from "../ingest/messages.ts";
import { packRecords } from "../ingest/packed-records.ts";
import type { RecordChain } from "../tree/fetch-chains.ts";
import type { SlabChunk } from "./chunk-table.ts";

/** The chains of blobs of the store, in request order. */
export type FetchChains = (kind: RecordKind, names: readonly Buffer[]) => Promise<RecordChain[]>;

/** `chunks` and their hints; bases that are not there or cannot be read are left out. */
export async function encodeJob(
  local: Pick<LocalBlobs, "hasMany">,
  hash: HashAlgorithm,
  fetch: FetchChains,
  chunks: readonly SlabChunk[],
): Promise<EncodeJob> {
  const n = hashLength(hash);
  const names = new Uint8Array(chunks.length * n);
  const ranges = new Uint32Array(chunks.length * 2);
  const hinted = chunks.some(({ base }) => base !== null);
  const bases = new Uint8Array(hinted ? chunks.length * n : 0);
  chunks.forEach(({ name, at, length, base }, i) => {
    names.set(name, i * n);
    ranges[i * 2] = at;
    ranges[i * 2 + 1] = length;
    if (base !== null) bases.set(base, i * n);
  });
  const records = hinted ? await chainRecords(local, fetch, chunks) : [];
  const chains = records.length > 0 ? packRecords("data", records, n) : null;
  return { type: "encode", names, ranges, bases, chains };
}

/** Everything that bases are decoded from, once each. */
async function chainRecords(
  local: Pick<LocalBlobs, "hasMany">,
  fetch: FetchChains,
  chunks: readonly SlabChunk[],
): Promise<BlobRecord[]> {
  const wanted = new Map<string, Buffer>();
  for (const { base } of chunks) if (base !== null) wanted.set(base.toString("latin1"), base);
  const names = [...wanted.values()];
  // To be told that a base exists protects it, until the blob that needs it is part of a backup.
  const there = await local.hasMany("data", names);
  const chains = await fetch(
    "data",
    names.filter((_, i) => there[i] === 1),
  );
  const records = new Map<string, BlobRecord>();
  for (const chain of chains) {
    if (chain instanceof Error) continue;
    for (const record of chain) records.set(record.name.toString("latin1"), record);
  }
  return [...records.values()];
}
