/** The real command, cli/bin/datadb, in a world of its own: no test sees the user's stores, nor another test's. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Finished, type RunOptions, runProgram } from "./run-program.ts";

/** The repository's root. */
const ROOT: string = resolve(import.meta.dirname, "../../..");
const COMMAND = join(ROOT, "cli/bin/datadb");
const COMPILED = process.env["NODE_COMPILE_CACHE"];

export interface CommandResult extends Omit<Finished, "stdout"> {
  /** Standard output as text. */
  stdout: string;
  /** Standard output as bytes. */
  bytes: Buffer;
}

export interface World {
  /** The home directory; everything the command keeps beside its stores is below it. */
  home: string;
  env: NodeJS.ProcessEnv;
  /** The words and environment that start the command, for tests that need the process itself. */
  program: string;
  /** Runs the command to its end. */
  run(words: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** Runs the command, expects exit code 0 and returns its `--json` records. */
  records(words: readonly string[], options?: RunOptions): Promise<JsonRecord[]>;
  /** The same, and only the last record: the summary. */
  summary(words: readonly string[], options?: RunOptions): Promise<JsonRecord>;
}

// biome-ignore lint/suspicious/noExplicitAny: the records of many verbs, looked into by tests
export type JsonRecord = Record<string, any>;

/** A world below the directory. */
export function openWorld(directory: string): World {
  const home = join(directory, "home");
  const runtime = join(directory, "run");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    LANG: "C.UTF-8",
    TZ: "UTC",
    DATADB_HOST: "test-host",
    // What the test command keeps of compiled code: in an empty home, every first command would compile it anew.
    ...(COMPILED === undefined ? {} : { NODE_COMPILE_CACHE: COMPILED }),
  };
  const run: World["run"] = async (words, options = {}) => {
    const merged = { ...options, env: { ...env, ...options.env } };
    const finished = await runProgram(COMMAND, words, merged);
    return { ...finished, stdout: finished.stdout.toString(), bytes: finished.stdout };
  };
  const records: World["records"] = async (words, options) => {
    const result = await run([...words, "--json"], options);
    if (result.code !== 0) throw new Error(describeResult(words, result));
    return parseRecords(result.stdout);
  };
  return {
    home,
    env,
    program: COMMAND,
    run,
    records,
    summary: async (words, options) => (await records(words, options)).at(-1) ?? {},
  };
}

/** The records of `--json`, one a line. */
export function parseRecords(stdout: string): JsonRecord[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonRecord);
}

/** What a person needs to see of a run that went wrong. */
export function describeResult(words: readonly string[], result: CommandResult): string {
  const said = `${result.stderr}${result.stdout}`.slice(0, 3000);
  return `datadb ${words.join(" ")} ended with ${result.code ?? result.signal}:\n${said}`;
}
