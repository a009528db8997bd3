/** How many sessions may read at a time. */
import { availableParallelism } from "node:os";
import { isLocal } from "../connect/is-local.ts";
import type { Session } from "../connect/open-session.ts";

/** More rarely help: the server's disk or processors are the limit then, and others use them as well. */
const MAX_DEFAULT = 4;
/** Left for others. */
const SPARE = 3;

/**
 * `jobs` as asked for; else min(4, cores), fewer when the server has few free connections, at least one. Rows that no backup has yet take a
 * processor here for each one at the server: where both are on one machine, half as many are as fast, and weigh half as much on the server.
 */
export async function readingSessions(
  session: Session,
  jobs: number | undefined,
  isFirst: boolean,
): Promise<number> {
  if (jobs !== undefined) return jobs;
  const [row] = await session.query<{ free: number }>(
    `SELECT pg_catalog.current_setting('max_connections')::int - pg_catalog.current_setting('superuser_reserved_connections')::int
      - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')::int AS free`,
  );
  const cores = availableParallelism();
  const useful = isFirst && isLocal(session.target) ? Math.ceil(cores / 2) : cores;
  return Math.max(1, Math.min(MAX_DEFAULT, useful, row!.free - SPARE));
}
