/** The month's tables in a PostgreSQL server of their own: datadb backs the database up while the others back up the dumps. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import type { Run } from "./month.ts";
import { startServer } from "./postgres/server.ts";
import { datadb } from "./tools/datadb.ts";

const DATABASE = "month";
const LINE_BYTES = 64 << 10;

/** A run that takes the day's dumps in before each backup; null, with the reason printed, where there is no server. */
export async function monthInPostgres(work: string): Promise<{ run: Run; close(): Promise<void> } | null> {
  const server = await startServer(join(work, "server"));
  if (server === null) return null;
  server.sql("postgres", `CREATE DATABASE ${DATABASE}`);
  const path = join(work, "store");
  const repository = datadb().repository(path);
  const { env } = repository.init;
  const words = ["snapshot", "--store", path, `postgres:///${DATABASE}`];
  const run: Run = {
    name: "datadb postgres",
    path,
    repository: {
      ...repository,
      backup: () => ({ program: "datadb", words, env: { ...env, ...server.env } }),
    },
    backups: [],
    bytes: [],
    prepare(dumps) {
      for (const file of readdirSync(dumps)) {
        const table = basename(file, ".copy");
        const dump = join(dumps, file);
        const columns = Array.from({ length: fieldsIn(dump) - 1 }, (_, i) => `c${i} text`).join(", ");
        server.sql(
          DATABASE,
          `SET client_min_messages = warning;\nCREATE TABLE IF NOT EXISTS ${table} (id bigint PRIMARY KEY, ${columns});\nTRUNCATE ${table};\n\\copy ${table} FROM '${dump}'\n`,
        );
      }
    },
  };
  return { run, close: () => server.stop() };
}

/** Fields of the first row. */
function fieldsIn(dump: string): number {
  const head = Buffer.alloc(LINE_BYTES);
  const file = openSync(dump, "r");
  const line = head.subarray(0, readSync(file, head)).toString().split("\n")[0] as string;
  closeSync(file);
  return line.split("\t").length;
}
