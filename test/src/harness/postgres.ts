/** A throwaway PostgreSQL on a free port. It ends with the test file. */
import { type ChildProcess, spawn } from "node:child_process";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { freePort } from "./free-port.ts";
import { ADMIN, binOf, newCluster } from "./postgres-cluster.ts";
import { binWithExtensions } from "./postgres-extensions.ts";
import { type PostgresVersion, serverUser } from "./postgres-programs.ts";
// Before the hook below, so that its cleaning comes last: hooks run in reverse.
import { type Finished, type RunOptions, runProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

const running = new Set<ChildProcess>();
afterAll(async () => {
  const ends = [...running].map((child) => new Promise((resolve) => child.on("close", resolve)));
  // Immediate shutdown: its backends and its shared memory go with it.
  for (const child of running) child.kill("SIGQUIT");
  await Promise.all(ends);
});

/** Enough for any test. Commits outlive kills, not a power cut: that is not what is tested. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
  wal_level: "replica",
  max_wal_size: "4GB",
  shared_buffers: "64MB",
  max_connections: "60",
};

export interface PostgresOptions {
  version?: PostgresVersion;
  /** For `postgres -c`, on top of the fast ones. */
  settings?: Readonly<Record<string, string>>;
  /** Files of extensions that this server alone has, such as `x.control` and `x--1.0.sql`; only for an installed version. */
  extensions?: Readonly<Record<string, string>>;
}

export interface Postgres {
  version: PostgresVersion;
  /** The directory of this version's programs, for `--pg-bin` and PATH. */
  bin: string;
  port: number;
  /** Peer authentication: the operating system's user of the tests is a superuser of the same name. */
  socketDirectory: string;
  /** The socket itself: there the superuser has a password, as over TCP. */
  socketPath: string;
  dataDirectory: string;
  /** For programs that take the server from the environment: PGHOST, PGPORT, PGUSER, PGPASSWORD. */
  env: NodeJS.ProcessEnv;
  /** With user and password: the superuser's unless others are given. `password: null` leaves it out. */
  url(database: string, user?: { name: string; password: string | null }): string;
  /** Runs SQL (a script: several statements, meta-commands) and returns what psql printed: rows, fields split by "|". */
  psql(database: string, sql: string, options?: RunOptions): Promise<string>;
  /** The same without throwing: for statements that fail, wait or are killed. */
  tryPsql(database: string, sql: string, options?: RunOptions): Promise<Finished>;
  /** Makes a database, dropping one of that name; `options` are SQL's, such as "ENCODING 'SQL_ASCII' TEMPLATE template0". */
  createDatabase(name: string, options?: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  /** kill -9 of a backend, by its process id: the postmaster ends all other sessions and recovers. False when it has ended. */
  killBackend(pid: number): boolean;
  /** kill -9 of the postmaster; resolves when it is gone. `start` brings it back. */
  killPostmaster(): Promise<void>;
  /** Starts it again on the same data and port, and resolves when it answers. */
  start(): Promise<void>;
  /** Fast shutdown; resolves when it is gone. */
  stop(): Promise<void>;
  /** What it logged. */
  said(): string;
}

/** Starts a server with an empty cluster and resolves when it answers. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const version = options.version ?? 15;
  const directory = await newCluster(version);
  const programs =
    options.extensions === undefined
      ? binOf(version)
      : binWithExtensions(binOf(version), directory, options.extensions);
  const server = await startOn(directory, version, options.settings ?? {}, programs);
  const { username } = userInfo();
  await server.psql("postgres", `CREATE ROLE "${username}" SUPERUSER LOGIN`);
  return server;
}

/** Starts a server on a directory that has a data directory in `data`. */
export async function startOn(
  directory: string,
  version: PostgresVersion,
  settings: Readonly<Record<string, string>>,
  /** Where `postgres` itself is. */
  programs: string = binOf(version),
): Promise<Postgres> {
  const bin = binOf(version);
  const port = await freePort();
  const dataDirectory = join(directory, "data");
  const env = { PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: ADMIN.name, PGPASSWORD: ADMIN.password };
  const words = ["-D", dataDirectory, "-p", String(port), "-h", "127.0.0.1", "-k", directory];
  for (const [name, value] of Object.entries({ ...SETTINGS, ...settings }))
    words.push("-c", `${name}=${value}`);
  let child: ChildProcess | null = null;
  let said = "";
  let gone: Promise<void> = Promise.resolve();

  const tryPsql: Postgres["tryPsql"] = (database, sql, more = {}) =>
    runProgram(join(bin, "psql"), [...PSQL_WORDS, "-d", connectionString(database)], {
      input: sql,
      ...more,
      env: { ...CLEAN, ...env, ...more.env },
    });
  const psql: Postgres["psql"] = async (database, sql, more = {}) => {
    const { code, stdout, stderr } = await tryPsql(database, sql, more);
    if (code !== 0) throw new Error(`psql ended with ${code}: ${stderr.slice(0, 2000)}`);
    return stdout.toString().replace(/\n$/, "");
  };
  const start = async (): Promise<void> => {
    await gone;
    const started = spawn(join(programs, "postgres"), words, {
      ...serverUser().ids,
      cwd: directory,
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child = started;
    running.add(started);
    started.stderr.on("data", (part: Buffer) => (said += part.toString()));
    let ended = false;
    gone = new Promise((resolve) => {
      started.on("close", () => {
        ended = true;
        running.delete(started);
        resolve();
      });
    });
    await waitFor("PostgreSQL to answer", async () => {
      if (ended) throw new Error(`it ended: ${said.slice(-2000)}`);
      return (await tryPsql("postgres", "SELECT 1")).code === 0;
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child?.kill(signal);
    await gone;
  };
  await start();
  return {
    version,
    bin,
    port,
    socketDirectory: directory,
    socketPath: join(directory, `.s.PGSQL.${port}`),
    dataDirectory,
    env,
    url: (database, user = ADMIN) => {
      const password = user.password === null ? "" : `:${encodeURIComponent(user.password)}`;
      const login = `${encodeURIComponent(user.name)}${password}`;
      return `postgres://${login}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    },
    psql,
    tryPsql,
    createDatabase: async (name, more = "") => {
      await psql(
        "postgres",
        `DROP DATABASE IF EXISTS ${quoted(name)};\nCREATE DATABASE ${quoted(name)} ${more};`,
      );
    },
    dropDatabase: async (name) => {
      await psql("postgres", `DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE);`);
    },
    killBackend: (pid) => {
      try {
        return process.kill(pid, "SIGKILL");
      } catch {
        return false;
      }
    },
    killPostmaster: () => end("SIGKILL"),
    start,
    stop: () => end("SIGINT"),
    said: () => said,
  };
}

/** A connection string takes names that an argument of its own would not, such as `a=b`. */
export function connectionString(database: string): string {
  return `dbname='${database.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** An identifier as SQL writes it. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const PSQL_WORDS = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"];
/** No PGOPTIONS, service or password file of the person who runs the tests. */
const CLEAN = { PATH: process.env["PATH"], HOME: "/nonexistent", LANG: "C.UTF-8" };
