/** Divides a large table into ranges that several sessions read at the same time. */
import pg from "pg";
import { databaseError, sqlState } from "../connect/database-error.ts";
import type { Session } from "../connect/open-session.ts";
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
import { DECIDING_BYTES, DECIDING_ROWS, decideFrom, thresholdFor } from "./threshold.ts";

/** Smaller parts are not worth a query of their own. */
const LEAST_RANGE_BYTES = 16 << 20;
/** Of a very large table: what one thread holds of its list stays small, and all threads end at about the same time. */
const MOST_RANGE_BYTES = 256 << 20;
/** Pages of which keys are sampled: enough for some hundred ranges, and sorted in memory. */
const SAMPLED_PAGES = 300;
/** Rows among which the end of a chunk is sought, as a multiple of the rows of a chunk. */
const SEARCH_CHUNKS = 8;
/** Pages of a table without key that are looked at in one go. */
const SEARCH_PAGES = 4;
/** Bytes of their rows that are kept. */
const SEARCH_BYTES = 64 << 20;
const PAGE_BYTES = 8192;

export interface RangePlan {
  ranges: RowRange[];
  /** Of the whole table; 0 where the one range decides for itself. */
  threshold: number;
}

/**
 * Ranges that begin and end where chunks do, so that the chunks are the same however many there are. `session` is in the snapshot;
 * `bytes`: of the table on the server.
 */
export async function planRanges(
  session: Session,
  table: TableQuery,
  options: { bytes: number; jobs: number; threshold: number; splittable: boolean },
): Promise<RangePlan> {
  const { bytes, jobs, threshold } = options;
  const parts = Math.min(
    Math.floor(bytes / LEAST_RANGE_BYTES),
    Math.max(jobs > 1 ? jobs * 2 : 1, Math.ceil(bytes / MOST_RANGE_BYTES)),
  );
  if (parts < 2 || !options.splittable) return { ranges: [WHOLE], threshold };
  await session.query(
    `SAVEPOINT plan; ${["SET LOCAL work_mem = '32MB'", ...readSettings(table, session.server.versionNumber)].join("; ")}`,
  );
  try {
    const decided = threshold || (await decideThreshold(session, table, bytes));
    const ends =
      table.order === "key"
        ? await keyEnds(session, table, parts, bytes, decided)
        : await placeEnds(session, table, parts, bytes, decided);
    return { ranges: between(ends), threshold: decided };
  } catch (error) {
    // What the server cannot do here, it says again when the rows are read; a plan is no more than a help.
    const { cause } = databaseError(error, session.target.label);
    if (sqlState(cause) === undefined) throw error;
    return { ranges: [WHOLE], threshold };
  } finally {
    await session.query("ROLLBACK TO SAVEPOINT plan; RELEASE SAVEPOINT plan");
  }
}

function between(ends: readonly string[][]): RowRange[] {
  return [...ends, null].map((upTo, i) => ({ after: ends[i - 1] ?? null, upTo }));
}

/** What the cutter of the first range would decide, before the other ranges begin. */
async function decideThreshold(session: Session, table: TableQuery, bytes: number): Promise<number> {
  for (let limit = DECIDING_ROWS; ; limit *= 4) {
    const lines = new LineSink(DECIDING_BYTES * 2);
    await copyOut(session.client, { sql: copyQuery(table, WHOLE, limit), sink: lines });
    const decided = decideFrom(lines.lengths);
    if (decided !== null) return decided;
    if (lines.lengths.length < limit || limit > bytes) return thresholdFor(lines.bytes, lines.lengths.length);
  }
}

async function keyEnds(
  session: Session,
  table: TableQuery,
  parts: number,
  bytes: number,
  threshold: number,
): Promise<string[][]> {
  const key = table.key!;
  const columns = key.columns.map((column) => pg.escapeIdentifier(column));
  const share = Math.min(100, Math.max(0.0001, (SAMPLED_PAGES * PAGE_BYTES * 100) / bytes));
  const rows = await session.query<{ key: string[] }>(`
    SELECT ARRAY[${columns.map((column) => `${column}::text`).join(", ")}] AS key FROM (
      SELECT ${columns.join(", ")}, pg_catalog.row_number() OVER (ORDER BY ${columns.join(", ")}) AS place, pg_catalog.count(*) OVER () AS places
      FROM ONLY ${qualified(table)} TABLESAMPLE SYSTEM (${share})
    ) s WHERE places >= ${parts * 2} AND place % (places / ${parts}) = 0 ORDER BY place`);
  const ends: string[][] = [];
  for (const { key: near } of rows.slice(0, parts - 1)) {
    const end = await keyEnd(session, table, near, threshold);
    if (end !== null && JSON.stringify(end) !== JSON.stringify(ends.at(-1))) ends.push(end);
  }
  return ends;
}

/** The first key from `near` on after which a chunk ends; null when there is none in reach. */
async function keyEnd(
  session: Session,
  table: TableQuery,
  near: string[],
  threshold: number,
): Promise<string[] | null> {
  const { columns } = table.key!;
  const inRow = table.columns.filter((column) => columns.includes(column));
  const lines = new LineSink(Number.POSITIVE_INFINITY);
  await copyOut(session.client, { sql: copyKeys(table, near, threshold * SEARCH_CHUNKS), sink: lines });
  const found = firstEnd(
    lines,
    keyHash(
      inRow.map((_, i) => i),
      "text",
    ),
    threshold,
  );
  if (found === null) return null;
  const values = found.split("\t").map(copyValue);
  return columns.map((column) => values[inRow.indexOf(column)]!);
}

async function placeEnds(
  session: Session,
  table: TableQuery,
  parts: number,
  bytes: number,
  threshold: number,
): Promise<string[][]> {
  const [row] = await session.query<{ pages: number }>(
    `SELECT (pg_catalog.pg_relation_size(${pg.escapeLiteral(qualified(table))}::regclass) / ${PAGE_BYTES})::float8 AS pages`,
  );
  const { pages } = row!;
  const rowHash = keyHash(null, "text");
  const ends: string[][] = [];
  for (let part = 1; part < parts; part++) {
    const near = Math.floor((pages * part) / parts);
    for (let page = near; page < Math.min(pages, near + SEARCH_PAGES * 64); page += SEARCH_PAGES) {
      const lines = new LineSink(Math.min(bytes, SEARCH_BYTES));
      await copyOut(session.client, { sql: copyPlaces(table, page, SEARCH_PAGES), sink: lines });
      const found = firstEnd(
        lines,
        (view, from, to) => rowHash(view, view.indexOf(9, from) + 1, to),
        threshold,
      );
      if (found === null) continue;
      const place = found.split("\t")[0]!;
      if (place !== ends.at(-1)?.[0]) ends.push([place]);
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
