/** Finds the programs of PostgreSQL, in a version that can work with the server. */
import { execFile } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { PgProgramMissingError } from "@datadb/protocol";

export type PgProgramName = "pg_dump" | "pg_dumpall" | "pg_restore" | "psql";

export interface PgProgram {
  path: string;
  /** Such as 15. */
  major: number;
  /** Whether it takes --restrict-key: without a fixed key each plain dump differs. */
  restrictKey: boolean;
}

export interface FindProgramOptions {
  /** The only directory to look in. */
  binDirectory?: string | undefined;
  /** PATH is taken from here; the process's own when absent. */
  environment?: NodeJS.ProcessEnv;
  /** Where Debian keeps one directory for each version. */
  versionsDirectory?: string;
}

const run = promisify(execFile);

/**
 * The first program of this name that is not older than the server: in binDirectory alone when it is given, else in PATH,
 * then in Debian's directories, from the server's version up. Throws PG_PROGRAM_MISSING naming what was found and the package.
 */
export async function findProgram(
  name: PgProgramName,
  serverVersionNumber: number,
  options: FindProgramOptions = {},
): Promise<PgProgram> {
  const wanted = Math.floor(serverVersionNumber / 10000);
  const found: string[] = [];
  for (const directory of directories(wanted, options)) {
    const path = join(directory, name);
    if (!isExecutable(path)) continue;
    const major = await majorVersion(path);
    if (major === null) continue;
    if (major >= wanted) return { path, major, restrictKey: await takesRestrictKey(path, name) };
    found.push(`${path} has version ${major}`);
  }
  const where = options.binDirectory === undefined ? "" : ` in ${options.binDirectory}`;
  const seen = found.length === 0 ? "none was found" : found.join(", ");
  throw new PgProgramMissingError(
    `${name} of version ${wanted} or newer is needed for the server${where}: ${seen}`,
    {
      next: `install the package postgresql-client-${wanted}, or name the directory of the programs: --pg-bin DIR`,
      fields: { program: name, major: wanted },
    },
  );
}

function directories(wanted: number, options: FindProgramOptions): string[] {
  if (options.binDirectory !== undefined) return [options.binDirectory];
  const path = (options.environment ?? process.env)["PATH"] ?? "";
  const base = options.versionsDirectory ?? "/usr/lib/postgresql";
  const versions = listDirectory(base)
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) >= wanted)
    .sort((a, b) => Number(a) - Number(b));
  return [...path.split(delimiter).filter(Boolean), ...versions.map((entry) => join(base, entry, "bin"))];
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Null for what does not run or says no version: the next one is tried. */
async function majorVersion(path: string): Promise<number | null> {
  try {
    const { stdout } = await run(path, ["--version"], { timeout: 10_000 });
    const [, major] = /\(PostgreSQL\) (\d+)/.exec(stdout) ?? [];
    return major === undefined ? null : Number(major);
  } catch {
    return null;
  }
}

async function takesRestrictKey(path: string, name: PgProgramName): Promise<boolean> {
  if (name === "psql") return false;
  const { stdout } = await run(path, ["--help"], { timeout: 10_000 });
  return stdout.includes("--restrict-key");
}
