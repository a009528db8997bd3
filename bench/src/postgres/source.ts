/** The databases that are backed up: one large table, or a thousand small ones, and what a day changes in them. */

import { once } from "node:events";
import { createWriteStream, existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { randomOf } from "../workload/random.ts";
import { rowOf, TABLES, type Table } from "../workload/tables.ts";
import type { Server } from "./server.ts";

export interface Source {
  name: "large" | "small";
  /** Makes and fills a database of this name. */
  fill(server: Server, database: string): Promise<void>;
  /** What happens until the next day. */
  nextDay(server: Server, database: string): Promise<void>;
  /** Names of the tables, in the schema public, each with the key `id`. */
  tables: readonly string[];
  /** The table that is restored alone. */
  one: string;
}

const APPENDED = 0.01;
/** Rows of the newest ones that change, three of four. */
const RECENT = 0.01;
const EDITS = 300;
const DELETES = 200;
/** Changes with what the generator writes. */
const GENERATION = 1;
const REVIEWS = TABLES.find((table) => table.name === "reviews") as Table;
/** 1.0 GB of COPY text. */
const LARGE_ROWS = 3_000_000;
const COLUMNS =
  "id bigint, product bigint, customer bigint, stars int, title text, body text, at timestamptz, more jsonb";
const WRITE_CHARACTERS = 1 << 20;

/** One table of 1 GB, with a key and one more index. */
export function largeTable(cache: string, scale: number): Source {
  const rows = Math.round(LARGE_ROWS * scale);
  const table = { ...REVIEWS, rows };
  const file = (day: string): string => join(cache, `postgres-large-${GENERATION}-${scale}-${day}.copy`);
  const copy = (day: string, to: string): string => `\\copy ${to} FROM '${file(day)}'\n`;
  return {
    name: "large",
    tables: ["reviews"],
    one: "reviews",
    async fill(server, database) {
      await writeOnce(file("first"), firstDay(table));
      server.sql("postgres", `CREATE DATABASE ${database}`);
      server.sql(
        database,
        `CREATE TABLE reviews (${COLUMNS});\n${copy("first", "reviews")};
         ALTER TABLE reviews ADD PRIMARY KEY (id); CREATE INDEX ON reviews (product); VACUUM ANALYZE;`,
      );
    },
    async nextDay(server, database) {
      await writeOnce(file("changes"), changes(table));
      const columns = COLUMNS.split(", ").map((column) => column.split(" ")[0] as string);
      const random = randomOf(rows, 0, 98);
      const deleted = Array.from({ length: DELETES }, () => 1 + random.integer(rows));
      server.sql(
        database,
        `CREATE TEMP TABLE changes (${COLUMNS});\n${copy("changes", "changes")};
         UPDATE reviews AS r SET ${columns.map((name) => `${name} = c.${name}`).join(", ")} FROM changes AS c WHERE c.id = r.id;
         INSERT INTO reviews SELECT * FROM changes WHERE id > ${rows};
         DELETE FROM reviews WHERE id IN (${deleted.join(", ")});`,
      );
    },
  };
}

function* firstDay(table: Table): Generator<string> {
  for (let id = 1; id <= table.rows; id++) yield rowOf(table, 0, id, 0);
}

function* changes(table: Table): Generator<string> {
  const recent = Math.round(table.rows * (1 - RECENT));
  const random = randomOf(table.rows, 0, 99);
  const edited = new Set(Array.from({ length: EDITS }, () => 1 + random.integer(recent)));
  for (const id of edited) yield rowOf(table, 0, id, 1);
  for (let id = recent; id <= table.rows; id++) if (id % 4 !== 0) yield rowOf(table, 0, id, 1);
  for (let id = table.rows + 1; id <= table.rows * (1 + APPENDED); id++) yield rowOf(table, 0, id, 0);
}

/** Rows are made once and kept: making them takes longer than anything that is measured. */
async function writeOnce(path: string, rows: Iterable<string>): Promise<void> {
  if (existsSync(path)) return;
  console.error(`generating ${path}`);
  const out = createWriteStream(`${path}.unfinished`);
  let text = "";
  for (const row of rows) {
    text += row;
    if (text.length < WRITE_CHARACTERS) continue;
    if (!out.write(text)) await once(out, "drain");
    text = "";
  }
  out.end(text);
  await once(out, "finish");
  renameSync(`${path}.unfinished`, path);
}

/** A thousand tables of 300 rows with keys, indexes, defaults and foreign keys: what an application of many modules has. */
export function smallTables(scale: number): Source {
  const count = Math.max(2, Math.round(1000 * scale));
  const tables = Array.from({ length: count }, (_, i) => `t${String(i + 1).padStart(4, "0")}`);
  const each = (body: string): string =>
    `DO $$ BEGIN FOR i IN 1..${count} LOOP EXECUTE format($f$ ${body} $f$, to_char(i, 'FM0000'), to_char(greatest(1, i - 1), 'FM0000')); END LOOP; END $$;`;
  return {
    name: "small",
    tables,
    one: tables[Math.floor(count / 2)] as string,
    async fill(server, database) {
      server.sql("postgres", `CREATE DATABASE ${database}`);
      server.sql(
        database,
        `${each(`CREATE TABLE t%1$s (id serial PRIMARY KEY, other int REFERENCES t%2$s, name text NOT NULL DEFAULT 'none', amount numeric(12, 2), at timestamptz, note text)`)}
         ${each(`INSERT INTO t%1$s (other, name, amount, at, note) SELECT n, 'name ' || n, n * 7.25, timestamptz '2024-01-01' + n * interval '1 hour', md5('%1$s' || n) FROM generate_series(1, 300) AS n`)}
         ${each(`CREATE INDEX ON t%1$s (name)`)}
         VACUUM ANALYZE;`,
      );
    },
    async nextDay(server, database) {
      // Every tenth table sees work.
      const some = tables.filter((_, i) => i % 10 === 0);
      server.sql(
        database,
        some
          .map(
            (table) =>
              `INSERT INTO ${table} (name, amount) SELECT 'new ' || n, n FROM generate_series(1, 3) AS n;
               UPDATE ${table} SET amount = amount + 1 WHERE id % 100 = 0; DELETE FROM ${table} WHERE name = 'name 17' AND NOT EXISTS
                 (SELECT FROM pg_constraint WHERE confrelid = '${table}'::regclass);`,
          )
          .join("\n"),
      );
    },
  };
}
