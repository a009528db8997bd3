/** How many sessions read at a time, and in which threads. */
import { availableParallelism } from "node:os";
import { LANES } from "../../../chunker/slab-memory.ts";
import { isLocal } from "../../connect/is-local.ts";
import type { Session } from "../../connect/session.ts";
import type { RowsSeat } from "./rows-unit.ts";

/** More rarely help: the server's disk or processors are the limit then, and others use them as well. */
const MAX_DEFAULT = 4;
/** Left for others. */
const SPARE = 3;
/** Of fewer, one session has read all before another one helps. */
const MANY_TABLES = 100;

/**
 * Connections that this user may still open: of the server, of the database and of the role, the last two of which bind no superuser. Of
 * others' sessions a user may see no more than that they are there.
 */
const FREE = `
  WITH client AS (
    SELECT datname, usename FROM pg_catalog.pg_stat_activity
    WHERE COALESCE(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL
  )
  SELECT LEAST(
      pg_catalog.current_setting('max_connections')::int - pg_catalog.current_setting('superuser_reserved_connections')::int
        - (SELECT pg_catalog.count(*) FROM client)::int,
      CASE WHEN d.datconnlimit >= 0 AND NOT r.rolsuper
        THEN d.datconnlimit - (SELECT pg_catalog.count(*) FROM client WHERE datname = d.datname)::int END,
      CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper
        THEN r.rolconnlimit - (SELECT pg_catalog.count(*) FROM client WHERE usename = r.rolname)::int END
    ) AS free
  FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
  WHERE d.datname = pg_catalog.current_database() AND r.rolname = session_user`;

export interface Readers {
  /** As asked for; undefined: as many as are useful. */
  jobs: number | undefined;
  /** Threads that there are. */
  workers: number;
  /** No backup has the rows yet. */
  isFirst: boolean;
  tables: number;
  /** Of this machine, for tests. */
  cores?: number;
}

/**
 * A seat for each of `jobs` sessions; else of min(4, cores), fewer when the server has few free connections, at least one. Rows that
 * no backup has yet take a processor here for each one at the server: where both are on one machine, half as many threads are as fast, and
 * weigh half as much on the server. Each of them then has a second session for small tables, with which it is the server that has the work.
 */
export async function readingSeats(
  session: Session,
  { jobs, workers, isFirst, tables, cores = availableParallelism() }: Readers,
): Promise<RowsSeat[]> {
  if (jobs !== undefined) return seatsOf(Math.min(jobs, workers), 0);
  const [row] = await session.query<{ free: number }>(FREE);
  const most = Math.max(1, Math.min(MAX_DEFAULT, cores, workers, row!.free - SPARE));
  if (!isFirst || !isLocal(session.target)) return seatsOf(most, 0);
  const threads = Math.min(most, Math.ceil(cores / 2));
  return seatsOf(threads, tables < MANY_TABLES ? 0 : Math.min(most - threads, threads * (LANES - 1)));
}

/** One seat in each of so many threads, and a second one in some of them. */
function seatsOf(threads: number, second: number): RowsSeat[] {
  return [...Array(threads + second).keys()].map((i) => ({
    worker: i % threads,
    lane: Math.floor(i / threads),
  }));
}
