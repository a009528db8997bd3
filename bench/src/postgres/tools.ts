/** The programs that back a database up and bring it back, each as a user of two processors would start it. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "../measure.ts";
import type { Server } from "./server.ts";
import type { Source } from "./source.ts";

const CORES = availableParallelism();

/** As many connections as datadb takes: for what no backup has, where the server is on the same machine, and for all else. */
export const JOBS: { first: number; later: number } = {
  first: Math.min(4, Math.ceil(CORES / 2)),
  later: Math.min(4, CORES),
};

/** Of the programs of PostgreSQL. */
const PROGRAM_JOBS = 2;

export interface DatabaseTool {
  name: string;
  /** Version and settings, for the report. */
  version: string;
  /** Backs the database up; `day` is 1, 2 ... */
  backup(day: number): Command;
  /** What the last backup left: all of its repository. */
  readonly kept: string;
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
    version: `${versionOf(server)}, gzip 6; pg_restore -j${PROGRAM_JOBS}`,
    kept: directory,
    backup: () => command(server, "pg_dump", ["-Fc", "-f", dump, database]),
    ...pgRestore(server, source, () => dump),
  };
}

/** `pg_dump -Fd -j2`: one process for each table, gzip. Each day has a directory of its own: deleting thousands of files slows down what follows. */
export function directoryDump({ server, source, database, directory }: Place): DatabaseTool {
  let dump = directory;
  return {
    name: `pg_dump -Fd -j${PROGRAM_JOBS}`,
    version: `${versionOf(server)}, gzip 6; pg_restore -j${PROGRAM_JOBS}`,
    get kept() {
      return dump;
    },
    backup: (day) => {
      dump = join(directory, `day-${day}`);
      return command(server, "pg_dump", ["-Fd", `-j${PROGRAM_JOBS}`, "-f", dump, database]);
    },
    ...pgRestore(server, source, () => dump),
  };
}

/** With `-t`, pg_restore makes neither keys nor indexes: so that the work is the same, everything of the table is chosen from the list. */
const TABLE_ALONE = `
pg_restore -l "$1" | grep -E " public $3(_[a-z_]+)? " | grep -v 'FK CONSTRAINT' > "$1.list"
pg_restore -j${PROGRAM_JOBS} -d "$2" -L "$1.list" "$1"`;

function pgRestore(
  server: Server,
  source: Source,
  dump: () => string,
): Required<Pick<DatabaseTool, "restore" | "restoreTable">> {
  return {
    restore: (to) =>
      shell(server, `createdb "$2" && pg_restore -j${PROGRAM_JOBS} -d "$2" "$1"`, [dump(), to]),
    restoreTable: (to) => shell(server, TABLE_ALONE, [dump(), to, source.one]),
  };
}

/** What psql's COPY over so many connections is called. */
export function copyName(jobs: number): string {
  return `psql COPY, ${jobs === 1 ? "1 connection" : `${jobs} connections`}`;
}

/** psql's COPY of the ordered queries to nowhere: what the server alone needs. */
export function orderedCopy(jobs: number): (place: Place) => DatabaseTool {
  return ({ server, source, database, directory }) => ({
    name: copyName(jobs),
    version: "ordered by key, to /dev/null",
    kept: directory,
    backup: () =>
      shell(
        server,
        copies(server, source, database, jobs, () => "/dev/null"),
        [],
      ),
  });
}

/** The same and the definitions, which every backup has and no COPY: for a thousand small tables they take as long as the rows. */
export const COPY_AND_DEFINITIONS: string = `${copyName(JOBS.first)}, and pg_dump --schema-only`;

/** pg_dump of the definitions, then psql's COPY of the ordered queries, all to nowhere. */
export function copyAndDefinitions(place: Place): DatabaseTool {
  const { server, source, database, directory } = place;
  const rows = copies(server, source, database, JOBS.first, () => "/dev/null");
  return {
    name: COPY_AND_DEFINITIONS,
    version: versionOf(server),
    kept: directory,
    backup: () => shell(server, `pg_dump --schema-only "$1" > /dev/null\n${rows}`, [database]),
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
  const into = copies(server, source, database, JOBS.later, (table) => join(rows, `${table}.copy`));
  const made = shell(server, `${into}\n"$1" backup --quiet "$2"`, [program, rows]);
  return {
    name: "restic of the rows",
    version: execFileSync(program, ["version"], { encoding: "utf8" }).trim(),
    kept,
    backup: () => ({ ...made, env: { ...made.env, ...env } }),
  };
}

/** A script that reads all tables over so many connections; one table is read in as many ranges of its key. */
function copies(
  server: Server,
  source: Source,
  database: string,
  jobs: number,
  to: (table: string) => string,
): string {
  const scripts: string[][] = Array.from({ length: jobs }, () => []);
  const copy = (job: number, table: string, where: string, file: string): void => {
    const query = `COPY (SELECT * FROM ONLY "${table}" ${where} ORDER BY id) TO STDOUT`;
    scripts[job]?.push(`\\o ${file}`, `${query};`);
  };
  if (source.tables.length === 1 && jobs > 1) {
    const [table = ""] = source.tables;
    const [least = 0, most = 0] = server
      .sql(database, `SELECT min(id) || ' ' || max(id) FROM "${table}"`)
      .split(" ")
      .map(Number);
    const end = (job: number): number => least + Math.floor(((most - least) * (job + 1)) / jobs);
    for (let job = 0; job < jobs; job++) {
      const after = job === 0 ? "" : `id > ${end(job - 1)} AND `;
      copy(job, table, `WHERE ${after}id <= ${end(job)}`, to(job === 0 ? table : `${table}.${job}`));
    }
  } else
    source.tables.forEach((table, i) => {
      copy(i % jobs, table, "", to(table));
    });
  const runs = scripts.map(
    (lines) =>
      `psql -Xq -v ON_ERROR_STOP=1 -d '${database}' <<'SQL' &\n${lines.join("\n")}\nSQL\nall="$all $!"`,
  );
  return `all=\n${runs.join("\n")}\nfor one in $all; do wait "$one"; done`;
}

/** datadb as a user starts it. */
export function datadbOf(place: Place): DatabaseTool {
  const { source, database } = place;
  const { run, ...tool } = datadbIn(place);
  return {
    name: "datadb",
    ...tool,
    backup: () => run("snapshot", `postgres:///${database}`),
    restore: (to) => run("restore", database, `postgres:///${to}`),
    restoreTable: (to) => run("restore", `${database}:public/${source.one}.copy`, `postgres:///${to}`),
  };
}

/** What datadb with as many connections as there are processors is called. */
export const BUSY_DATADB: string = `datadb --jobs ${JOBS.later}`;

/** datadb that reads over as many connections as there are processors, always. */
export function busyDatadb(place: Place): DatabaseTool {
  const { run, ...tool } = datadbIn(place);
  const backup = (): Command =>
    run("snapshot", "--jobs", String(JOBS.later), `postgres:///${place.database}`);
  return { name: BUSY_DATADB, ...tool, backup };
}

function datadbIn({ server, directory }: Place): Pick<DatabaseTool, "version" | "kept"> & {
  run(...words: string[]): Command;
} {
  const store = join(directory, "store");
  const env = { ...server.env, XDG_STATE_HOME: join(directory, "state"), DATADB_HOST: "bench" };
  const run = (...words: string[]): Command => ({
    program: "datadb",
    words: [...words.slice(0, 1), "--store", store, ...words.slice(1)],
    env,
  });
  execFileSync("datadb", ["init", "--store", store], { env: { ...process.env, ...env } });
  const version = execFileSync("datadb", ["--version"], { encoding: "utf8" }).trim();
  return { run, version, kept: store };
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
