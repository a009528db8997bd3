/** Finds the programs of PostgreSQL, in a version that can work with the server. */
import { execFile } from "node:child_process";
import { accessSync, constants, readdirSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
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
 * then in Debian's directories, from the server's version up. Scripts that choose a program themselves are taken last. Throws PG_PROGRAM_MISSING naming what was found and the package.
 */
export async function findProgram(
  name: PgProgramName,
  serverVersionNumber: number,
  options: FindProgramOptions = {},
): Promise<PgProgram> {
  const wanted = Math.floor(serverVersionNumber / 10000);
  const found: string[] = [];
  for (const path of candidates(name, wanted, options)) {
    const version = await versionOf(path);
    if (version === null) continue;
    const { major } = version;
    if (major >= wanted) return { path, major, restrictKey: await takesRestrictKey(path, name, version) };
    found.push(`${path} has version ${major}`);
  }
  const where = options.binDirectory === undefined ? "" : ` in ${options.binDirectory}`;
  const seen = found.length === 0 ? `none was found${where}` : found.join(", ");
  throw new PgProgramMissingError(`${name} of version ${wanted} or newer is needed for the server: ${seen}`, {
    next: `install the package postgresql-client-${wanted}, or name the directory of the programs: --pg-bin DIR`,
    fields: { program: name, major: wanted },
  });
}

/**
 * The program of this name that lies beside `known` and comes with it: of the same version, which need not be asked for. Else as findProgram.
 */
export async function findProgramBeside(
  known: PgProgram,
  name: PgProgramName,
  serverVersionNumber: number,
  options: FindProgramOptions = {},
): Promise<PgProgram> {
  const path = join(dirname(known.path), name);
  const isPair = isExecutable(path) && basename(realpathSync(known.path)) !== WRAPPER;
  const comeTogether = isPair && dirname(realpathSync(path)) === dirname(realpathSync(known.path));
  return comeTogether ? { ...known, path } : await findProgram(name, serverVersionNumber, options);
}

/** Debian's script that starts the program of some version: it takes ten times as long as the program, and chooses by other rules. */
const WRAPPER = "pg_wrapper";

/** Programs in the order in which they are tried; scripts that start others come last. */
function candidates(name: PgProgramName, wanted: number, options: FindProgramOptions): string[] {
  const paths = directories(wanted, options)
    .map((directory) => join(directory, name))
    .filter(isExecutable);
  const isWrapper = (path: string): boolean => basename(realpathSync(path)) === WRAPPER;
  return [...paths.filter((path) => !isWrapper(path)), ...paths.filter(isWrapper)];
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

interface Version {
  major: number;
  /** Null for one that is not released yet. */
  minor: number | null;
}

/** Null for what does not run or says no version: the next one is tried. */
async function versionOf(path: string): Promise<Version | null> {
  try {
    const { stdout } = await run(path, ["--version"], { timeout: 10_000 });
    const [, major, minor] = /\(PostgreSQL\) (\d+)(?:\.(\d+))?/.exec(stdout) ?? [];
    if (major === undefined) return null;
    return { major: Number(major), minor: minor === undefined ? null : Number(minor) };
  } catch {
    return null;
  }
}

/** The first minor release of each major one with --restrict-key; later ones all have it. */
const RESTRICT_KEY_SINCE: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };
const RESTRICT_KEY_MAJOR = 18;

async function takesRestrictKey(
  path: string,
  name: PgProgramName,
  { major, minor }: Version,
): Promise<boolean> {
  if (name === "psql") return false;
  // Most need not be asked: each start of a program takes time before the first row.
  const since = major >= RESTRICT_KEY_MAJOR ? 0 : RESTRICT_KEY_SINCE[major];
  if (minor !== null && since !== undefined && minor >= since) return true;
  const { stdout } = await run(path, ["--help"], { timeout: 10_000 });
  return stdout.includes("--restrict-key");
}
