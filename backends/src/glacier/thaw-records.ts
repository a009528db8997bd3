/** Retrieves records from archives into the warm backend: only the ranges that hold them, a step at a time. */
import { decodeRecord } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import type { ColdPlan, Tier } from "../cold-storage.ts";
import { countDownloaded } from "../traffic.ts";
import { type PendingJob, sizeOf } from "./catalogue.ts";
import type { ByteRange } from "./vault-client.ts";
import { MIB, type VaultPlace } from "./vault-place.ts";

/** A gap is retrieved as well when it is not longer: a job of its own costs more. */
const GAP_BYTES: number = 4 * MIB;

export async function thawRecords(
  place: VaultPlace,
  names: readonly Buffer[],
  tier: Tier,
  start: boolean,
): Promise<ColdPlan> {
  let cold = await coldRecords(place, names);
  if (start && (await takeOutputs(place, cold))) cold = await coldRecords(place, names);
  const ranges = rangesOf(place, cold);
  const jobs = await place.catalogue.jobs();
  let waiting = 0;
  for (const { pack, range } of ranges) {
    if (jobs.some((job) => covers(job, pack, range))) waiting += 1;
    else if (start) {
      const archive = place.catalogue.archive(pack)!;
      const id = await place.client.retrieve(archive.id, range, tier);
      await place.catalogue.putJob({ id, pack, range });
      waiting += 1;
    }
  }
  return {
    records: cold.length,
    archives: new Set(ranges.map(({ pack }) => pack)).size,
    bytes: ranges.reduce((sum, { range }) => sum + range.to - range.from, 0),
    waiting,
  };
}

/** Those, and the bases that they are made from, that are in archives alone. */
async function coldRecords({ warm, catalogue }: VaultPlace, names: readonly Buffer[]): Promise<RecordInfo[]> {
  const found = new Map<string, RecordInfo>();
  for (let open = [...names]; open.length > 0; ) {
    const there = await warm.statMany("data", open);
    const infos = catalogue.find(open);
    const bases: Buffer[] = [];
    for (const [at, name] of open.entries()) {
      const info = there[at] ?? infos[at];
      const key = name.toString("latin1");
      if (!info || found.has(key)) continue;
      if (!there[at]) found.set(key, info);
      if (info.base !== null && !found.has(info.base.toString("latin1"))) bases.push(info.base);
    }
    open = bases;
  }
  return [...found.values()];
}

function rangesOf(
  { catalogue, nameLength }: VaultPlace,
  records: readonly RecordInfo[],
): { pack: string; range: ByteRange }[] {
  const ranges: { pack: string; range: ByteRange }[] = [];
  const sorted = records.toSorted((a, b) =>
    a.pack === b.pack ? a.offset - b.offset : a.pack < b.pack ? -1 : 1,
  );
  for (const info of sorted) {
    const { pack, offset } = info;
    const from = Math.floor(offset / MIB) * MIB;
    const end = Math.ceil((offset + sizeOf(info, nameLength)) / MIB) * MIB;
    const to = Math.min(end, catalogue.archive(pack)?.bytes ?? end);
    const last = ranges.at(-1);
    if (last?.pack === pack && from <= last.range.to + GAP_BYTES) last.range.to = Math.max(last.range.to, to);
    else ranges.push({ pack, range: { from, to } });
  }
  return ranges;
}

function covers(job: PendingJob, pack: string, { from, to }: ByteRange): boolean {
  return job.pack === pack && job.range.from <= from && job.range.to >= to;
}

/** Puts what jobs that are done have of these records; whether there was any. Jobs that failed, or whose output is gone, are forgotten. */
async function takeOutputs(place: VaultPlace, cold: readonly RecordInfo[]): Promise<boolean> {
  const { catalogue, client, warm, nameLength } = place;
  let taken = false;
  for (const { id, pack, range } of await catalogue.jobs()) {
    const wanted = cold.filter(
      (info) =>
        info.pack === pack && info.offset >= range.from && info.offset + sizeOf(info, nameLength) <= range.to,
    );
    if (wanted.length === 0) continue;
    const state = await client.jobState(id);
    if (state === "waiting") continue;
    const output = state === "done" ? await client.output(id) : null;
    if (output !== null) {
      // The checksum of each record is verified; its content is by whoever decodes it.
      const records = wanted.map(
        ({ offset }) => decodeRecord(output, offset - range.from, nameLength).record,
      );
      await warm.putMany(records);
      await warm.flush(["data"]);
      countDownloaded(place.traffic, records);
      taken = true;
    }
    await catalogue.dropJob(id);
  }
  return taken;
}
