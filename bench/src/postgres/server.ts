/** A throwaway PostgreSQL below the bench's directory, reached by its socket. It forgets nothing but a power cut. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const VERSIONS = "/usr/lib/postgresql";
const PORT = "54329";
const USER = "bench";
const READY_TRIES = 600;
const READY_PAUSE_MS = 50;
/** fsync is off, so that no program waits for what others left to the disk; it is off for all of them. */
const SETTINGS = [
  "fsync=off",
  "shared_buffers=512MB",
  "max_wal_size=8GB",
  "checkpoint_timeout=1h",
  "maintenance_work_mem=256MB",
  "autovacuum=off",
  "max_connections=40",
];

const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Server {
  version: string;
  /** Where pg_dump, pg_restore and psql of the server's version are. */
  bin: string;
  /** For libpq: how to reach it. */
  env: NodeJS.ProcessEnv;
  /** Runs SQL and returns what psql printed. */
  sql(database: string, statements: string): string;
  stop(): Promise<void>;
}

/** Null when no server is installed; the reason is printed. */
export async function startServer(directory: string): Promise<Server | null> {
  const bin = newestBin();
  if (bin === null) {
    console.error(`no PostgreSQL below ${VERSIONS}: install it with apt-get install postgresql`);
    return null;
  }
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  // It refuses to run as root.
  const ids = process.getuid?.() === 0 ? idsOf("postgres") : undefined;
  if (ids !== undefined) chownSync(directory, ids.uid, ids.gid);
  const data = join(directory, "data");
  const all = { ...ids, cwd: directory };
  const words = ["-D", data, "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  execFileSync(join(bin, "initdb"), words, { ...all, stdio: ["ignore", "ignore", "inherit"] });
  const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
  const child = spawn(
    join(bin, "postgres"),
    ["-D", data, "-h", "", "-k", directory, "-p", PORT, ...settings],
    {
      ...all,
      stdio: "ignore",
    },
  );
  const forget = endWithBench(child);
  const env = { PGHOST: directory, PGPORT: PORT, PGUSER: USER };
  const sql: Server["sql"] = (database, statements) =>
    execFileSync(join(bin, "psql"), ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database], {
      env: { ...process.env, ...env },
      input: statements,
      encoding: "utf8",
      maxBuffer: 1 << 30,
    }).trim();
  await ready(bin, env, child);
  const version = sql("postgres", "SELECT version()");
  return { version, bin, env, sql, stop: () => stop(child).finally(forget) };
}

/** A bench that is ended leaves no server behind. Returns what takes this back. */
function endWithBench(child: ChildProcess): () => void {
  const end = (signal: NodeJS.Signals): void => {
    child.kill("SIGINT");
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of ENDING) process.once(signal, end);
  return () => {
    for (const signal of ENDING) process.off(signal, end);
  };
}

function newestBin(): string | null {
  if (!existsSync(VERSIONS)) return null;
  const majors = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a));
  const bins = majors.map((major) => join(VERSIONS, major, "bin"));
  return bins.find((bin) => existsSync(join(bin, "initdb"))) ?? null;
}

function idsOf(name: string): { uid: number; gid: number } {
  const of = (flag: string): number => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: of("-u"), gid: of("-g") };
}

async function ready(bin: string, env: NodeJS.ProcessEnv, child: ChildProcess): Promise<void> {
  for (let i = 0; i < READY_TRIES; i++) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}`);
    try {
      execFileSync(join(bin, "pg_isready"), ["-q"], { env: { ...process.env, ...env } });
      return;
    } catch {
      await setTimeout(READY_PAUSE_MS);
    }
  }
  throw new Error("PostgreSQL does not answer");
}

/** Fast shutdown. */
async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGINT");
  await ended;
}
