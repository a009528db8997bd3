/** What a store holds, from its index and its keyspace: no pack is read. */
import { type HashAlgorithm, RECORD_KINDS } from "@datadb/protocol";
import type { NameIndex } from "../blobs/name-index.ts";
import type { CommitLog, StoreStats, View } from "../database.ts";
import { type ListedBackup, listBackups } from "./list-backups.ts";

export interface StatsSource {
  readonly view: View;
  readonly hash: HashAlgorithm;
  readonly index: NameIndex;
  readonly commits: CommitLog;
}

type Sums = { records: number; contentBytes: number; storedBytes: number };

function none(): Sums {
  return { records: 0, contentBytes: 0, storedBytes: 0 };
}

function numberOf({ fields }: ListedBackup, field: string): number {
  const value = Number(fields.get(field)?.toString() ?? 0);
  return Number.isFinite(value) ? value : 0;
}

async function countRecords(
  { index }: StatsSource,
  signal?: AbortSignal,
): Promise<Pick<StoreStats, "kinds" | "encodings">> {
  const kinds = { data: none(), node: none(), log: none() };
  const encodings = { raw: none(), zstd: none(), "zstd-delta": none() };
  for (const kind of RECORD_KINDS) {
    for await (const page of index.records(kind)) {
      signal?.throwIfAborted();
      for (const { length, payloadLength, encoding } of page) {
        for (const sums of [kinds[kind], encodings[encoding]]) {
          sums.records += 1;
          sums.contentBytes += length;
          sums.storedBytes += payloadLength;
        }
      }
    }
  }
  return { kinds, encodings };
}

/** See Database.stats. */
export async function storeStats(
  source: StatsSource,
  options: { perBackup?: boolean; signal?: AbortSignal } = {},
): Promise<StoreStats> {
  const { kinds, encodings } = await countRecords(source, options.signal);
  const snapshots = new Set<string>();
  const perBackup: NonNullable<StoreStats["perBackup"]> = [];
  let [backups, logicalBytes] = [0, 0];
  for await (const backup of listBackups(source.view, source.hash)) {
    options.signal?.throwIfAborted();
    const size = numberOf(backup, "size");
    backups += 1;
    logicalBytes += size;
    snapshots.add(backup.snapshot);
    if (options.perBackup)
      perBackup.push({
        backup: backup.id,
        size,
        entries: numberOf(backup, "entries"),
        newBytes: numberOf(backup, "stored"),
      });
  }
  const { sequence } = source.commits.head();
  return {
    backups,
    snapshots: snapshots.size,
    logicalBytes,
    uniqueBytes: kinds.data.contentBytes + kinds.node.contentBytes,
    storedBytes: kinds.data.storedBytes + kinds.node.storedBytes + kinds.log.storedBytes,
    kinds,
    encodings,
    sinceCheckpoint: sequence - source.commits.lastCheckpoint(),
    sequence,
    ...(options.perBackup ? { perBackup } : {}),
  };
}
