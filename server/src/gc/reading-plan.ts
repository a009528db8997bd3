/** What is worth asking a distant backend for, and in which order it is read. */
import type { Backend, DistantReads } from "@datadb/backends";
import { recordSize } from "@datadb/protocol";
import { type FarRange, type FarRecord, payingRanges } from "./paying-ranges.ts";

/** Look-ups are synchronous within a backend: others get their turn in between. */
const SLICE_NAMES = 4096;
/** Ranges may be pushed out of memory before all of them is used: so many times what is planned may be asked for. */
const MOST_READINGS = 2;

/** Data records that are read together or not at all. */
export interface Purpose {
  readonly names: readonly Buffer[];
  /** Bytes that can be given back then. */
  readonly won: number;
}

/** A record, with the number of what it is read for. */
interface Far extends FarRecord {
  readonly purpose: number;
}

export interface ReadingPlan<P extends Purpose> {
  /** Those that pay, neighbours together. */
  readonly worth: readonly P[];
  readonly rest: readonly P[];
  /** Brings near what these need; false when too much had to be asked for again. */
  bring(some: readonly P[], signal?: AbortSignal): Promise<boolean>;
}

/** Those records that have to be asked for, by purpose. */
async function farRecords(
  backend: Backend,
  distant: DistantReads,
  purposes: readonly Purpose[],
): Promise<Far[][]> {
  const far: Far[][] = purposes.map(() => []);
  const all = purposes.flatMap(({ names, won }, purpose) => names.map((name) => ({ name, won, purpose })));
  for (let from = 0; from < all.length; from += SLICE_NAMES) {
    const slice = all.slice(from, from + SLICE_NAMES);
    const infos = await backend.statMany(
      "data",
      slice.map(({ name }) => name),
    );
    for (const [at, { name, won, purpose }] of slice.entries()) {
      const info = infos[at];
      if (!info || distant.near(info.pack)) continue;
      const { pack, offset } = info;
      far[purpose]!.push({ pack, offset, size: recordSize(info, name.length), won, purpose });
    }
  }
  return far;
}

/** The ranges that pay when only those are read all of whose records lie in them. */
function settle(far: readonly Far[][], part: number): FarRange<Far>[] {
  let records = far.flat();
  for (;;) {
    const ranges = payingRanges(records, part);
    const inside = far.map(() => 0);
    for (const range of ranges) for (const { purpose } of range.records) inside[purpose]! += 1;
    const rest = records.filter(({ purpose }) => inside[purpose] === far[purpose]!.length);
    if (rest.length === records.length) return ranges;
    records = rest;
  }
}

/** By the record that was written first: that of the first backup, which lies beside those of its neighbours. */
function byPlace(a: Far | undefined, b: Far | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return a.pack === b.pack ? a.offset - b.offset : a.pack < b.pack ? -1 : 1;
}

/** `part`: what counts of the bytes that are asked for, see payingRanges. `names` of each purpose: the first one needed by the others is the last. */
export async function planReading<P extends Purpose>(
  backend: Backend,
  distant: DistantReads,
  purposes: readonly P[],
  part: number,
): Promise<ReadingPlan<P>> {
  const far = await farRecords(backend, distant, purposes);
  const ranges = settle(far, part);
  const needs = new Map<P, Set<FarRange<Far>>>();
  for (const range of ranges) {
    for (const { purpose } of range.records) {
      const needed = needs.get(purposes[purpose]!) ?? new Set();
      needs.set(purposes[purpose]!, needed.add(range));
    }
  }
  const worth = purposes
    .map((purpose, at) => ({ purpose, far: far[at]! }))
    .filter((one) => one.far.length === 0 || needs.has(one.purpose))
    .sort((a, b) => byPlace(a.far.at(-1), b.far.at(-1)))
    .map(({ purpose }) => purpose);
  const paying = new Set(worth);
  let allowed = MOST_READINGS * ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  return {
    worth,
    rest: purposes.filter((purpose) => !paying.has(purpose)),
    async bring(some, signal) {
      for (const { pack, from, to } of new Set(some.flatMap((one) => [...(needs.get(one) ?? [])]))) {
        if (allowed <= 0) return false;
        allowed -= await distant.bring(pack, from, to, signal);
      }
      return true;
    },
  };
}
