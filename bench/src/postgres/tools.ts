/** The programs that back a database up and bring it back, each as a user of two processors would start it. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../measure.ts";
import type { Server } from "./server.ts";
import type { Source } from "./source.ts";

/** As many connections as datadb takes on two processors. */
const JOBS = 2;

export interface DatabaseTool {
  name: string;
  /** Version and settings, for the report. */
  version: string;
  /** Backs the database up; `day` is 1, 2 ... */
  backup(day: number): Command;
  /** Bytes that `backup(day)` left: all of its repository. */
  kept: string;
  /** Restores the newest backup into a database that does not exist; absent when the tool cannot. */
  restore?(database: string): Command;
  /** Restores one table into an empty database. */
  restoreTable?(database: string): Command;
}

export interface Place {
  server: Server;
  source: Source;
  database: string;
  /** A directory of the tool's own, which exists. */
  directory: string;
}

/** `pg_dump -Fc`: one process, gzip. */
export function customDump({ server, source, database, directory }: Place): DatabaseTool {
  const dump = join(directory, "dump");
  return {
    name: "pg_dump -Fc",
    version: `${versionOf(server)}, gzip 6; pg_restore -j${JOBS}`,
    kept: directory,
    backup: () => command(server, "pg_dump", ["-Fc", "-f", dump, database]),
    ...pgRestore(server, source, dump),
  };
}

/** `pg_dump -Fd -j2`: one process for each table, gzip. */
export function directoryDump({ server, source, database, directory }: Place): DatabaseTool {
  const dump = join(directory, "dump");
  return {
    name: `pg_dump -Fd -j${JOBS}`,
    version: `${versionOf(server)}, gzip 6; pg_restore -j${JOBS}`,
    kept: directory,
    backup: () => shell(server, `rm -rf "$1" && pg_dump -Fd -j${JOBS} -f "$1" "$2"`, [dump, database]),
    ...pgRestore(server, source, dump),
  };
}

/** With `-t`, pg_restore makes neither keys nor indexes: so that the work is the same, everything of the table is chosen from the list. */
const TABLE_ALONE = `
pg_restore -l "$1" | grep -E " public $3(_[a-z_]+)? " | grep -v 'FK CONSTRAINT' > "$1.list"
pg_restore -j${JOBS} -d "$2" -L "$1.list" "$1"`;

function pgRestore(
  server: Server,
  source: Source,
  dump: string,
): Required<Pick<DatabaseTool, "restore" | "restoreTable">> {
  return {
    restore: (to) => shell(server, `createdb "$2" && pg_restore -j${JOBS} -d "$2" "$1"`, [dump, to]),
    restoreTable: (to) => shell(server, TABLE_ALONE, [dump, to, source.one]),
  };
}

/** psql's COPY of the ordered queries to nowhere, over as many connections: what the server alone needs. */
export function orderedCopy({ server, source, database, directory }: Place): DatabaseTool {
  return {
    name: "psql COPY",
    version: `${JOBS} connections, ordered by key, to /dev/null`,
    kept: directory,
    backup: () =>
      shell(
        server,
        copies(server, source, database, () => "/dev/null"),
        [],
      ),
  };
}

/** restic on the rows in key order, one file for each table: what deduplication by content alone makes of them. */
export function resticOfDumps(place: Place, program: string): DatabaseTool {
  const { server, source, database, directory } = place;
  const rows = join(directory, "rows");
  const kept = join(directory, "repository");
  const env = {
    RESTIC_PASSWORD: "bench",
    RESTIC_REPOSITORY: kept,
    RESTIC_CACHE_DIR: join(directory, "cache"),
  };
  mkdirSync(rows, { recursive: true });
  execFileSync(program, ["init", "--quiet"], { env: { ...process.env, ...env } });
  const into = copies(server, source, database, (table) => join(rows, `${table}.copy`));
  const made = shell(server, `${into}\n"$1" backup --quiet "$2"`, [program, rows]);
  return {
    name: "restic of the rows",
    version: execFileSync(program, ["version"], { encoding: "utf8" }).trim(),
    kept,
    backup: () => ({ ...made, env: { ...made.env, ...env } }),
  };
}

/** A script that reads all tables over JOBS connections; one table is read in as many ranges of its key. */
function copies(server: Server, source: Source, database: string, to: (table: string) => string): string {
  const scripts: string[][] = Array.from({ length: JOBS }, () => []);
  const copy = (job: number, table: string, where: string, file: string): void => {
    const query = `COPY (SELECT * FROM ONLY "${table}" ${where} ORDER BY id) TO STDOUT`;
    scripts[job]?.push(`\\o ${file}`, `${query};`);
  };
  if (source.tables.length === 1) {
    const [table = ""] = source.tables;
    const half = `(SELECT ${server.sql(database, `SELECT (min(id) + max(id)) / 2 FROM "${table}"`)})`;
    copy(0, table, `WHERE id <= ${half}`, to(table));
    copy(1, table, `WHERE id > ${half}`, to(`${table}.rest`));
  } else
    source.tables.forEach((table, i) => {
      copy(i % JOBS, table, "", to(table));
    });
  const runs = scripts.map(
    (lines) =>
      `psql -Xq -v ON_ERROR_STOP=1 -d '${database}' <<'SQL' &\n${lines.join("\n")}\nSQL\nall="$all $!"`,
  );
  return `all=\n${runs.join("\n")}\nfor one in $all; do wait "$one"; done`;
}

/** datadb as a user starts it. */
export function datadbOf({ server, source, database, directory }: Place): DatabaseTool {
  const store = join(directory, "store");
  const env = { ...server.env, XDG_STATE_HOME: join(directory, "state"), DATADB_HOST: "bench" };
  const run = (...words: string[]): Command => ({
    program: "datadb",
    words: [...words.slice(0, 1), "--store", store, ...words.slice(1)],
    env,
  });
  execFileSync("datadb", ["init", "--store", store], { env: { ...process.env, ...env } });
  return {
    name: "datadb",
    version: execFileSync("datadb", ["--version"], { encoding: "utf8" }).trim(),
    kept: store,
    backup: () => run("snapshot", `postgres:///${database}`),
    restore: (to) => run("restore", database, `postgres:///${to}`),
    restoreTable: (to) => run("restore", `${database}:public/${source.one}.copy`, `postgres:///${to}`),
  };
}

function command(server: Server, program: string, words: readonly string[]): Command {
  return { program: join(server.bin, program), words, env: server.env };
}

function shell(server: Server, script: string, words: readonly string[]): Command {
  const env = { ...server.env, PATH: `${server.bin}:${process.env["PATH"]}` };
  return { program: "sh", words: ["-ec", script, "sh", ...words], env };
}

function versionOf(server: Server): string {
  return execFileSync(join(server.bin, "pg_dump"), ["--version"], { encoding: "utf8" }).trim();
}
