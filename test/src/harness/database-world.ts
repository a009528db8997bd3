/** A store, the command, and a PostgreSQL that the command finds in its environment. */
import { join } from "node:path";
import { expect } from "vitest";
import { type CommandResult, describeResult, type JsonRecord, openWorld, type World } from "./command.ts";
import { type Postgres, type PostgresOptions, startPostgres } from "./postgres.ts";
import type { RunOptions } from "./run-program.ts";
import { scratch } from "./scratch.ts";

export interface DatabaseWorld {
  directory: string;
  /** Its environment names the server, as its superuser, and its programs. */
  world: World;
  store: string;
  server: Postgres;
  /** Backs the database up, expects success, and returns the summary. */
  backup(database: string, ...words: string[]): Promise<JsonRecord>;
  /** The same whatever comes of it; with `--json`. */
  tryBackup(database: string, words?: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** Restores into the database, expects success, and returns the summary. */
  restore(selector: string, database: string, ...words: string[]): Promise<JsonRecord>;
  tryRestore(
    selector: string,
    database: string,
    words?: readonly string[],
    options?: RunOptions,
  ): Promise<CommandResult>;
  /** What `show` says of a backup: `ref` is its root. */
  show(selector: string): Promise<JsonRecord>;
  /** Ids of the backups that are listed, newest first. */
  listed(): Promise<string[]>;
  /** Bytes that the store keeps: content, structure and log. */
  storedBytes(): Promise<number>;
  /** Databases of the server beside its own, in the order of their names. */
  databases(): Promise<string[]>;
}

export interface DatabaseWorldOptions extends PostgresOptions {
  /** A server that runs already. */
  server?: Postgres;
}

export async function openDatabaseWorld(
  label: string,
  { server: given, ...options }: DatabaseWorldOptions = {},
): Promise<DatabaseWorld> {
  const directory = scratch(label);
  const server = given ?? (await startPostgres(options));
  const opened = openWorld(directory);
  const world: World = { ...opened, ...withServer(opened, server) };
  const store = join(directory, "store");
  const tryBackup: DatabaseWorld["tryBackup"] = (database, words = [], more = {}) =>
    world.run(["snapshot", "--store", store, urlOf(database), ...words, "--json"], more);
  const tryRestore: DatabaseWorld["tryRestore"] = (selector, database, words = [], more = {}) =>
    world.run(["restore", "--store", store, selector, urlOf(database), ...words, "--json"], more);
  const place = ["--store", store];
  return {
    directory,
    world,
    store,
    server,
    tryBackup,
    tryRestore,
    backup: async (database, ...words) => summaryOf("snapshot", await tryBackup(database, words)),
    restore: async (selector, database, ...words) =>
      summaryOf("restore", await tryRestore(selector, database, words)),
    show: async (selector) => (await world.records(["show", ...place, selector]))[0] ?? {},
    listed: async () =>
      (await world.records(["ls", ...place]))
        .filter((record) => record["type"] === "backup")
        .map((record) => record["id"] as string),
    storedBytes: async () => (await world.summary(["stats", ...place]))["storedBytes"],
    databases: async () =>
      (await server.psql("postgres", DATABASES)).split("\n").filter((name) => name !== ""),
  };
}

const DATABASES =
  "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1";

/** The database through the environment: everything but its name is the server's. */
function urlOf(database: string): string {
  return database.startsWith("postgres://") ? database : `postgres:///${encodeURIComponent(database)}`;
}

function withServer(world: World, server: Postgres): Pick<World, "env" | "run" | "records" | "summary"> {
  const env = { ...server.env, PATH: `${server.bin}:${process.env["PATH"]}` };
  const merged = (options: RunOptions = {}): RunOptions => ({ ...options, env: { ...env, ...options.env } });
  return {
    env: { ...world.env, ...env },
    run: (words, options) => world.run(words, merged(options)),
    records: (words, options) => world.records(words, merged(options)),
    summary: (words, options) => world.summary(words, merged(options)),
  };
}

function summaryOf(verb: string, result: CommandResult): JsonRecord {
  expect(result.code, describeResult([verb], result)).toBe(0);
  return JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "") as JsonRecord;
}
