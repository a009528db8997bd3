/** Where the table of the workload `rows` is: in a file in key order, or in a PostgreSQL server of its own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "./postgres/server.ts";

/** A table that is brought to the state of a dump. */
export interface RowsIn {
  name: "file" | "postgres";
  /** What `datadb snapshot` is given, and its environment. */
  source: string;
  env: NodeJS.ProcessEnv;
  /** The dump that is to be written. */
  dump: string;
  /** Takes the dump in. `shuffled`: the rows lie in another order than that of the key. */
  load(shuffled: boolean): void;
  close(): Promise<void>;
}

const DATABASE = "rows";
const COLUMNS =
  "id bigint PRIMARY KEY, code text, mail text, body text, settings jsonb, state text, a text, b text, balance numeric(12,2), token text, at timestamp";

/** In a file below the directory. */
export function rowsInFile(directory: string): RowsIn {
  const source = join(directory, "source");
  mkdirSync(source, { recursive: true });
  return {
    name: "file",
    source,
    env: {},
    dump: join(source, "table.copy"),
    load: () => {},
    close: async () => {},
  };
}

/** In a server below the directory; null, with the reason printed, where there is none. */
export async function rowsInPostgres(directory: string): Promise<RowsIn | null> {
  const server = await startServer(join(directory, "postgres"));
  if (server === null) return null;
  const dump = join(directory, "rows.copy");
  server.sql("postgres", `CREATE DATABASE ${DATABASE}`);
  server.sql(DATABASE, `CREATE TABLE t (${COLUMNS})`);
  return {
    name: "postgres",
    source: `postgres:///${DATABASE}`,
    env: server.env,
    dump,
    load(shuffled) {
      server.sql(DATABASE, `TRUNCATE t;\n\\copy t FROM '${dump}'\n`);
      if (!shuffled) return;
      const again = "INSERT INTO t SELECT * FROM x ORDER BY md5(id::text)";
      server.sql(DATABASE, `BEGIN; CREATE TEMP TABLE x AS TABLE t; TRUNCATE t; ${again}; COMMIT;`);
    },
    close: () => server.stop(),
  };
}
