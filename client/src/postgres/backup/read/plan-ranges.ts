/** Divides a large table into ranges that several sessions read at the same time. */
import pg from "pg";
import { databaseError, sqlState } from "../../connect/database-error.ts";
import type { Session } from "../../connect/session.ts";
import { copyOut } from "./copy-out.ts";
import {
  copyKeys,
  copyPlaces,
  copyQuery,
  qualified,
  type RowRange,
  readSettings,
  type TableQuery,
  WHOLE,
} from "./copy-query.ts";
import { copyValue } from "./copy-value.ts";
import { type KeyHash, keyHash } from "./key-hash.ts";
import { LineSink } from "./line-sink.ts";
import { rangeBegins } from "./range-begins.ts";
import { type Segment, segmentEnds } from "./segments.ts";
import {
  DECIDING_BYTES,
  DECIDING_ROWS,
  decideFrom,
  LONG_BYTES,
  MAX_CHUNK_BYTES,
  MOST_DECIDING_BYTES,
  SKIPPED_ROWS,
} from "./threshold.ts";

/** Pages of which keys are sampled: enough for some hundred ranges, and sorted in memory. */
const SAMPLED_PAGES = 300;
/** Rows that are asked for first to decide a threshold, where nothing is known of their length. */
const ASKED_ROWS = 8;
/** Rows among which the end of a chunk is sought, as a multiple of the rows of a chunk. */
const SEARCH_CHUNKS = 8;
/** Ends that are sought with one message. */
const SEARCHED_AT_ONCE = 32;
/** Pages of a table without key that are looked at in one go. */
const SEARCH_PAGES = 4;
/** Bytes of their rows that are kept. */
const SEARCH_BYTES = 64 << 20;
const PAGE_BYTES = 8192;
const TAB = 9;

/** A range, and what share of the table comes before it. */
export interface PlannedRange extends RowRange {
  begin: number;
  /** What it was in the previous backup, and the chunk where it began; null where that is not known. */
  before: { segments: Segment[]; chunk: number } | null;
}

export interface RangePlan {
  ranges: PlannedRange[];
  /** Of the whole table; 0 where the one range decides for itself. It is what it was where a range knows what it was before. */
  threshold: number;
}

/**
 * Ranges that begin and end where chunks do, so that the chunks are the same however many there are. `session` is in the snapshot;
 * `bytes`: of the table on the server.
 */
export async function planRanges(
  session: Session,
  table: TableQuery,
  options: {
    bytes: number;
    jobs: number;
    splittable: boolean;
    /** Of the previous backup. */
    before: { threshold: number; rows: number; bytes: number } | null;
    /** Of the previous backup: ranges are made of them while the threshold stays as it was. */
    segments: Segment[] | null;
  },
): Promise<RangePlan> {
  const { bytes, jobs, before } = options;
  const undecided = { ranges: between([]), threshold: 0 };
  const begins = options.splittable ? rangeBegins(bytes, jobs) : [];
  if (begins.length === 0 && options.segments === null) return undecided;
  await session.query(
    `SAVEPOINT plan; ${["SET LOCAL work_mem = '32MB'", ...readSettings(table, session.server.versionNumber)].join("; ")}`,
  );
  try {
    const threshold = await decideThreshold(session, table, bytes, before);
    const segments = threshold === before?.threshold ? options.segments : null;
    if (segments !== null)
      return { ranges: await segmentRanges(session, table, begins, segments, threshold), threshold };
    if (begins.length === 0) return { ranges: between([]), threshold };
    const ends =
      table.order === "key"
        ? await keyEnds(session, table, begins, bytes, threshold)
        : await placeEnds(session, table, begins, bytes, threshold);
    return { ranges: between(ends), threshold };
  } catch (error) {
    // What the server cannot do here, it says again when the rows are read; a plan is no more than a help.
    const { cause } = databaseError(error, session.target.label);
    if (sqlState(cause) === undefined) throw error;
    return undecided;
  } finally {
    await session.query("ROLLBACK TO SAVEPOINT plan; RELEASE SAVEPOINT plan");
  }
}

/** Where a range ends and the next begins: the values of its last row, and the share of the table up to there. */
interface RangeEnd {
  values: string[];
  share: number;
}

function between(ends: readonly RangeEnd[]): PlannedRange[] {
  return [...ends, null].map((end, i) => ({
    after: ends[i - 1]?.values ?? null,
    upTo: end?.values ?? null,
    begin: ends[i - 1]?.share ?? 0,
    before: null,
  }));
}

/** Of whole segments, where a row still ends the last one of each. */
async function segmentRanges(
  session: Session,
  table: TableQuery,
  begins: readonly number[],
  segments: Segment[],
  threshold: number,
): Promise<PlannedRange[]> {
  const wanted = segmentEnds(begins, segments);
  const near = wanted.map((end) => ({ values: [...segments[end - 1]!.upTo!], share: 0 }));
  const there = new Set<string>();
  for (let at = 0; at < near.length; at += SEARCHED_AT_ONCE)
    for (const { values } of await chunkEnds(
      session,
      table,
      near.slice(at, at + SEARCHED_AT_ONCE),
      threshold,
      1,
    ))
      there.add(JSON.stringify(values));
  const ends = wanted.filter((_, i) => there.has(JSON.stringify(near[i]!.values)));
  let chunk = 0;
  const chunks = segments.reduce((sum, segment) => sum + segment.chunks, 0);
  return [...ends, segments.length].map((end, i) => {
    const from = ends[i - 1] ?? 0;
    const own = segments.slice(from, end);
    const range = { after: segments[from - 1]?.upTo ?? null, upTo: own.at(-1)!.upTo };
    const planned = { ...range, begin: chunk / Math.max(1, chunks), before: { segments: own, chunk } };
    chunk += own.reduce((sum, segment) => sum + segment.chunks, 0);
    return planned;
  });
}

/** Two that were sought may have found the same. */
function addEnd(ends: RangeEnd[], end: RangeEnd): void {
  if (JSON.stringify(end.values) !== JSON.stringify(ends.at(-1)?.values)) ends.push(end);
}

/** What the cutter of the first range would decide, before the other ranges begin. */
async function decideThreshold(
  session: Session,
  table: TableQuery,
  bytes: number,
  before: { threshold: number; rows: number; bytes: number } | null,
): Promise<number> {
  for (let limit = rowsToAsk(before); ; limit *= 4) {
    const lines = new LineSink(0);
    await copyOut(session.client, { sql: copyQuery(table, WHOLE, limit), sink: lines });
    const isAll = lines.lengths.length < limit || limit > bytes;
    const decided = decideFrom(lines.lengths, isAll, before?.threshold);
    if (decided !== null) return decided;
  }
}

/** About as many as decide: of long rows, a thousand would be a lot to read twice. */
function rowsToAsk(before: { rows: number; bytes: number } | null): number {
  if (!before?.rows) return ASKED_ROWS;
  const mean = Math.max(1, before.bytes / before.rows);
  if (mean > MAX_CHUNK_BYTES) return SKIPPED_ROWS + 1 + Math.ceil(MOST_DECIDING_BYTES / mean);
  const decide = mean > LONG_BYTES ? MOST_DECIDING_BYTES : DECIDING_BYTES;
  return Math.min(DECIDING_ROWS, Math.ceil((1.5 * decide) / mean));
}

async function keyEnds(
  session: Session,
  table: TableQuery,
  begins: readonly number[],
  bytes: number,
  threshold: number,
): Promise<RangeEnd[]> {
  const key = table.key!;
  const columns = key.columns.map((column) => pg.escapeIdentifier(column));
  const share = Math.min(100, Math.max(0.0001, (SAMPLED_PAGES * PAGE_BYTES * 100) / bytes));
  const near = await session.query<RangeEnd>(`
    SELECT ARRAY[${columns.map((column) => `${column}::text`).join(", ")}] AS "values", datadb_share AS share FROM (
      SELECT ${columns.join(", ")}, pg_catalog.row_number() OVER (ORDER BY ${columns.join(", ")}) AS datadb_place, pg_catalog.count(*) OVER () AS datadb_places
      FROM ONLY ${qualified(table)} TABLESAMPLE SYSTEM (${share})
    ) s JOIN pg_catalog.unnest('{${begins.join(", ")}}'::float8[]) AS datadb_share ON datadb_place = pg_catalog.ceil(datadb_places * datadb_share)
    WHERE datadb_places >= ${begins.length * 2} ORDER BY datadb_place`);
  const ends: RangeEnd[] = [];
  for (let at = 0; at < near.length; at += SEARCHED_AT_ONCE)
    for (const end of await chunkEnds(session, table, near.slice(at, at + SEARCHED_AT_ONCE), threshold))
      addEnd(ends, end);
  return ends;
}

/** The first key from each of these on after which a chunk ends, where there is one within `rows`. One round trip for all. */
async function chunkEnds(
  session: Session,
  table: TableQuery,
  near: readonly RangeEnd[],
  threshold: number,
  rows = threshold * SEARCH_CHUNKS,
): Promise<RangeEnd[]> {
  const { columns } = table.key!;
  const inRow = table.columns.filter((column) => columns.includes(column));
  const hash = keyHash(
    inRow.map((_, i) => i),
    "text",
  );
  const lines = new LineSink(Number.POSITIVE_INFINITY);
  const queries = near.map(({ values }, i) => copyKeys(table, values, rows, i));
  await copyOut(session.client, { sql: queries.join(";\n"), sink: lines });
  const found: (string | undefined)[] = [];
  for (const line of lines.lines) {
    const from = line.indexOf(TAB) + 1;
    const i = Number(line.toString("latin1", 0, from - 1));
    if (found[i] === undefined && (hash(line, from, line.length) & (threshold - 1)) === 0)
      found[i] = line.toString("utf8", from, line.length - 1);
  }
  return near.flatMap(({ share }, i) => {
    const values = found[i]?.split("\t").map(copyValue);
    return values === undefined
      ? []
      : [{ values: columns.map((column) => values[inRow.indexOf(column)]!), share }];
  });
}

async function placeEnds(
  session: Session,
  table: TableQuery,
  begins: readonly number[],
  bytes: number,
  threshold: number,
): Promise<RangeEnd[]> {
  const [row] = await session.query<{ pages: number }>(
    `SELECT (pg_catalog.pg_relation_size(${pg.escapeLiteral(qualified(table))}::regclass) / ${PAGE_BYTES})::float8 AS pages`,
  );
  const { pages } = row!;
  const rowHash = keyHash(null, "text");
  const ends: RangeEnd[] = [];
  for (const share of begins) {
    const near = Math.floor(pages * share);
    for (let page = near; page < Math.min(pages, near + SEARCH_PAGES * 64); page += SEARCH_PAGES) {
      const lines = new LineSink(Math.min(bytes, SEARCH_BYTES));
      await copyOut(session.client, { sql: copyPlaces(table, page, SEARCH_PAGES), sink: lines });
      const found = firstEnd(
        lines,
        (view, from, to) => rowHash(view, view.indexOf(TAB, from) + 1, to),
        threshold,
      );
      if (found === null) continue;
      addEnd(ends, { values: [found.split("\t")[0]!], share });
      break;
    }
  }
  return ends;
}

function firstEnd(lines: LineSink, hash: KeyHash, threshold: number): string | null {
  for (const line of lines.lines)
    if ((hash(line, 0, line.length) & (threshold - 1)) === 0) return line.toString().slice(0, -1);
  return null;
}
