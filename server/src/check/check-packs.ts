/** Reads packs from end to end: every record's checksum, and that the index knows every record's place. */
import type { PackListing } from "@datadb/backends";
import type { RecordKind } from "@datadb/protocol";
import type { BlobKind, CheckEvent } from "../database.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";
import { verifyOne } from "./verify-one.ts";

/** Damaged bytes by pack. */
type Ranges = Map<string, { from: number; to: number }[]>;

function* damage(state: CheckState, { pack, kind, damaged, torn }: PackListing): Generator<CheckEvent> {
  for (const { from, to } of damaged) {
    yield finding(state, {
      what: "damaged-pack",
      kind,
      pack,
      offset: from,
      message: `${pack}: bytes ${from} to ${to} are no valid record`,
    });
  }
  if (torn !== undefined) {
    yield finding(state, {
      what: "damaged-pack",
      kind,
      pack,
      offset: torn,
      message: `${pack}: an incomplete record begins at byte ${torn}`,
    });
  }
}

/** The blobs that lie in damaged bytes: the index still knows their places. */
async function* blobsWithin(state: CheckState, kind: BlobKind, ranges: Ranges): CheckPart {
  const { backend, index } = state.source;
  for await (const page of index.records(kind)) {
    for (const info of await backend.statMany(
      kind,
      page.map(({ name }) => name),
    )) {
      const hit =
        info && ranges.get(info.pack)?.some(({ from, to }) => info.offset >= from && info.offset < to);
      if (hit) yield* verifyOne(state, kind, info.name);
    }
  }
}

/** Listings of a kind, checked; `use` sees each of them. */
export async function* checkPacks(
  state: CheckState,
  kind: RecordKind,
  use?: (listing: PackListing) => CheckPart,
): CheckPart {
  const { backend } = state.source;
  const ranges: Ranges = new Map();
  for await (const listing of backend.list(kind, state.signal)) {
    const { pack, damaged, records } = listing;
    if (damaged.length > 0) ranges.set(pack, [...(ranges.get(pack) ?? []), ...damaged]);
    yield* damage(state, listing);
    const there = await backend.hasMany(
      kind,
      records.map(({ name }) => name),
    );
    for (const [at, { name, offset }] of records.entries()) {
      if (there[at] === 1) continue;
      const message = `${pack}: ${kind} ${name.toString("hex")} at offset ${offset} is not in the index`;
      yield finding(state, { what: "index", kind, pack, offset, message }, name);
    }
    if (use) yield* use(listing);
  }
  if (ranges.size > 0 && kind !== "log") yield* blobsWithin(state, kind, ranges);
}
