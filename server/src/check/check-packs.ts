/**
 * Reads packs from end to end: every record's checksum. That the index knows a record is asked the other way round, by what needs
 * it: what was forgotten stays in its pack until that is rewritten.
 */
import type { PackListing } from "@datadb/backends";
import type { RecordKind } from "@datadb/protocol";
import type { BlobKind, CheckEvent } from "../database.ts";
import type { CheckPart, CheckState } from "./check-source.ts";
import { verifyOne } from "./verify-one.ts";

/** Damaged bytes by pack. */
export type Ranges = Map<string, { from: number; to: number }[]>;

/**
 * Bytes that are no record hurt nobody by themselves: a crash may have torn what was never promised, or what was there was put again.
 * What is missing for it is found by its name.
 */
export function* noteDamage(ranges: Ranges, { pack, damaged, torn }: PackListing): Generator<CheckEvent> {
  for (const { from, to } of damaged)
    yield { type: "note", message: `${pack}: bytes ${from} to ${to} are no valid record` };
  if (torn !== undefined)
    yield { type: "note", message: `${pack}: an incomplete record begins at byte ${torn}` };
  const all = torn === undefined ? damaged : [...damaged, { from: torn, to: Number.POSITIVE_INFINITY }];
  if (all.length > 0) ranges.set(pack, [...(ranges.get(pack) ?? []), ...all]);
}

/** The blobs that lie in damaged bytes: the index still knows their places. */
export async function* blobsWithin(state: CheckState, kind: BlobKind, ranges: Ranges): CheckPart {
  const { backend, index } = state.source;
  if (ranges.size === 0) return;
  for await (const page of index.records(kind)) {
    const infos = await backend.statMany(
      kind,
      page.map(({ name }) => name),
    );
    for (const info of infos) {
      const hit =
        info && ranges.get(info.pack)?.some(({ from, to }) => info.offset >= from && info.offset < to);
      if (hit) yield* verifyOne(state, kind, info.name);
    }
  }
}

/** All packs of a kind. */
export async function* checkPacks(state: CheckState, kind: RecordKind): CheckPart {
  const ranges: Ranges = new Map();
  for await (const listing of state.source.backend.list(kind, state.signal))
    yield* noteDamage(ranges, listing);
  if (kind !== "log") yield* blobsWithin(state, kind, ranges);
}
