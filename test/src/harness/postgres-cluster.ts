/** The data directory of a throwaway PostgreSQL: made once for each version by initdb, then copied. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { type PostgresVersion, postgresBin, serverUser } from "./postgres-programs.ts";
import { mustRun } from "./run-program.ts";
import { scratch } from "./scratch.ts";

/** The superuser of every throwaway server, over TCP with this password. */
export const ADMIN = { name: "admin", password: "pw" } as const;

const CACHE = resolve(import.meta.dirname, "../../../.cache/test");
/** Changes with how the data directory is made, so that no old one is used. */
const GENERATION = 2;
const INITDB_WORDS = [
  "--auth-host=scram-sha-256",
  "--auth-local=peer",
  "--encoding=UTF8",
  "--locale=C.UTF-8",
];

/** A new directory that the server's user owns, with the data directory in `data`. */
export async function newCluster(version: PostgresVersion): Promise<string> {
  const directory = await newServerDirectory();
  const template = join(CACHE, `postgres-${version}-data-${GENERATION}`);
  if (!existsSync(template)) await makeTemplate(version, template);
  await mustRun("cp", ["-a", "--reflink=auto", template, join(directory, "data")]);
  return directory;
}

/** A new directory that belongs to the server's user. */
export async function newServerDirectory(): Promise<string> {
  const directory = scratch("postgres");
  const { ids } = serverUser();
  if (ids !== undefined) chownSync(directory, ids.uid, ids.gid);
  chmodSync(directory, 0o755);
  return directory;
}

async function makeTemplate(version: PostgresVersion, template: string): Promise<void> {
  const directory = await newServerDirectory();
  const [data, password] = [join(directory, "data"), join(directory, "password")];
  writeFileSync(password, `${ADMIN.password}\n`);
  const words = ["-D", data, "-U", ADMIN.name, `--pwfile=${password}`, "--no-sync", ...INITDB_WORDS];
  await asServerUser(join(binOf(version), "initdb"), words, directory);
  // By socket too, the superuser has a password: a proxy between has no name of its own.
  const rules = join(data, "pg_hba.conf");
  writeFileSync(rules, `local all ${ADMIN.name} scram-sha-256\n${readFileSync(rules, "utf8")}`);
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${template}.${process.pid}`;
  await mustRun("cp", ["-a", data, unfinished]);
  try {
    renameSync(unfinished, template);
  } catch (error) {
    // Another test file was quicker: one is as good as the other.
    rmSync(unfinished, { recursive: true });
    if (!existsSync(template)) throw error;
  }
}

/** Runs a program of PostgreSQL to its end as the server's user. */
export async function asServerUser(
  program: string,
  words: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Buffer> {
  const { ids } = serverUser();
  const all = { PATH: process.env["PATH"], HOME: cwd, LANG: "C.UTF-8", ...env };
  return await mustRun(program, words, { cwd, env: all, ...ids });
}

/** The version's programs; throws where a lane should have kept the test from running. */
export function binOf(version: PostgresVersion): string {
  const bin = postgresBin(version);
  if (bin !== null) return bin;
  throw new Error(
    `PostgreSQL ${version} is neither installed nor unpacked: run test/unpack-postgresql ${version}`,
  );
}
