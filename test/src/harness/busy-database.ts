/** A database that others work on meanwhile, and what a backup of it has all together. */
import { expect } from "vitest";
import type { World } from "./command.ts";
import type { Postgres } from "./postgres.ts";
import { mustRun } from "./run-program.ts";

const SESSION = "busy";

/** What a session does again and again, a transaction each, with the variable `amount` (int); and the seconds between, as SQL. */
export interface Loop {
  work: string;
  pause: string;
}

/** A session for each loop, until what it returns is called. */
export function keepBusy(server: Postgres, database: string, loops: readonly Loop[]): () => Promise<void> {
  const working = loops.map(({ work, pause }) =>
    server.tryPsql(
      database,
      `SET application_name = '${SESSION}';
       DO $$ DECLARE amount int; BEGIN LOOP ${work} COMMIT; PERFORM pg_sleep(${pause}); END LOOP; END $$;`,
    ),
  );
  return async () => {
    await server.psql(
      "postgres",
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${SESSION}'`,
    );
    await Promise.all(working);
  };
}

/** The sum of the last field of every row of every table below the selector, which has so many rows. */
export async function sumOfRows(
  world: World,
  store: string,
  selector: string,
  rows: number,
): Promise<number> {
  const { bytes } = await world.run(["cat", "--store", store, selector]);
  const text = await mustRun("tar", ["--extract", "--to-stdout", "--file=-"], { input: bytes });
  const lines = text.toString().split("\n").slice(0, -1);
  expect(lines).toHaveLength(rows);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf("\t"))), 0);
}
