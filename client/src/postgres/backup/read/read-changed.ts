/** Reads what of a part of a table has changed: the server sums up the rows of each segment, and rows come only of those that differ. */
import type pg from "pg";
import { copyOut } from "./copy-out.ts";
import { copyQuery, type RowRange, sumsQuery } from "./copy-query.ts";
import type { PreviousChunks } from "./key-bases.ts";
import type { RowCutter } from "./row-cutter.ts";
import type { RowsEvents, RowsUnit, UnitSums } from "./rows-unit.ts";
import type { Segment } from "./segments.ts";

/** Segments that are asked for first, spread over the part: when most have changed, the others are read without asking. */
const SAMPLED = 4;
/** Of these, so many may have changed: asking costs the server three quarters of what reading costs. */
const MOST_CHANGED = 1;
/** Fewer are asked for at once. */
const FEW = 2 * SAMPLED;

/** Resolves with the bytes that were not read. `unit`: with what its segments were before. */
export async function readChanged(
  client: pg.Client,
  cutter: RowCutter,
  unit: RowsUnit & { sums: UnitSums; previous: PreviousChunks },
  events: RowsEvents,
): Promise<number> {
  const { range, before } = unit.sums;
  const { query, segments } = before!;
  if (unit.before !== "") await client.query(unit.before);
  events.started();
  const ranges = segments.map(
    ({ upTo }, i): RowRange => ({ after: i === 0 ? range.after : segments[i - 1]!.upTo, upTo }),
  );
  const isSame = await unchanged(client, unit.sums, segments, ranges);
  let chunk = unit.start;
  let kept = 0;
  for (let i = 0; i < segments.length; ) {
    const segment = segments[i]!;
    // A chunk that goes on, since the row that ended it is gone, takes rows of the next segment in.
    if (isSame[i] && cutter.isBetweenChunks) {
      cutter.keep(unit.previous, chunk, segment, ranges[i]!.after);
      events.progress(segment.bytes, unit.path);
      kept += segment.bytes;
      chunk += segment.chunks;
      i++;
      continue;
    }
    const first = i;
    do chunk += segments[i++]!.chunks;
    while (i < segments.length && !isSame[i]);
    await copyOut(client, {
      sql: copyQuery(query, { after: ranges[first]!.after, upTo: ranges[i - 1]!.upTo }),
      sink: cutter,
      progress: (bytes) => events.progress(bytes, unit.path),
    });
  }
  if (unit.after !== "") await client.query(unit.after);
  return kept;
}

/** For each segment whether its rows are those that it had. */
async function unchanged(
  client: pg.Client,
  { sum, before }: UnitSums,
  segments: readonly Segment[],
  ranges: readonly RowRange[],
): Promise<boolean[]> {
  const isSame = segments.map(() => false);
  async function ask(places: readonly number[]): Promise<number> {
    if (places.length === 0) return 0;
    const sql = sumsQuery(
      before!.query,
      sum.hash,
      places.map((i) => ranges[i]!),
    );
    const { rows } = await client.query<[number, string, string]>({ text: sql, rowMode: "array" });
    for (const [at, count, total] of rows) {
      const { rows: known, sum: knownSum } = segments[places[at]!]!;
      isSame[places[at]!] = known === Number(count) && knownSum === BigInt.asUintN(64, BigInt(total));
    }
    return places.filter((i) => !isSame[i]).length;
  }
  const places = segments.flatMap((segment, i) => (segment.sum === null ? [] : [i]));
  const step = places.length <= FEW ? 1 : Math.floor(places.length / SAMPLED);
  const sample = places.filter((_, i) => i % step === 0);
  const changed = await ask(sample);
  if (step > 1 && changed <= MOST_CHANGED) await ask(places.filter((_, i) => i % step !== 0));
  return isSame;
}
