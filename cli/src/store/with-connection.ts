/** Opens what --store or --server name, lets a verb work on it, and closes it in any case. */
import type { Connection } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { knownStores } from "./known-stores.ts";
import { realPath } from "./real-path.ts";
import type { StoreOptions } from "./store-options.ts";
import { storePath } from "./store-path.ts";

/** A minute is longer than any clean end of a holder, and short enough for a person. */
const DEFAULT_LOCK_WAIT_MS = 60_000;

export interface ConnectionNeeds {
  /** The verb, for the messages of other processes that meet the store. */
  job: string;
  /** Whether the verb makes a store when there is none. */
  create?: boolean;
  /** Whether the verb repairs the store, and so opens it in states in which others refuse to. */
  repair?: boolean;
}

/** Throws what opening throws, and what the work throws. The work's error wins over one of closing. */
export async function withConnection<T>(
  context: VerbContext,
  needs: ConnectionNeeds,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return await closing(await openNamed(context, needs), work);
}

/** The same for a second store, a directory or a URL, that the option `option` names. */
export async function withStoreAt<T>(
  context: VerbContext,
  { option, where }: { option: string; where: string },
  needs: ConnectionNeeds,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { output, arguments: args, environment } = context;
  const remote = where.includes("://");
  if (remote) warnOfPassword(where, option, (text) => output.warn(text));
  else if (
    remoteServer(args.text("store"), args.text("server"), environment) === undefined &&
    realPath(where) === storePath(args.text("store"), environment)
  )
    throw new UsageError(`${option} names the store itself`, "name another one");
  const { openStore } = await import("./open-store.ts");
  return await closing(await openStore(where, storeOptions(context, needs)), work);
}

async function closing<T>(connection: Connection, work: (connection: Connection) => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work(connection);
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw error;
  }
  await connection.close();
  return result;
}

async function openNamed(context: VerbContext, needs: ConnectionNeeds): Promise<Connection> {
  const { arguments: args, output, environment } = context;
  const server = remoteServer(args.text("store"), args.text("server"), environment);
  if (server !== undefined && args.text("server") === server)
    warnOfPassword(server, "--server", (text) => output.warn(text));
  // Only now: help and mistakes must not wait for the engine to load.
  const { openStore } = await import("./open-store.ts");
  return openStore(server ?? storePath(args.text("store"), environment), storeOptions(context, needs));
}

/** The directory and options for a verb that works on the store itself, which must be on this machine. */
export function localStore(
  context: VerbContext,
  needs: ConnectionNeeds,
): { directory: string; options: StoreOptions } {
  const { arguments: args, environment } = context;
  if (remoteServer(args.text("store"), args.text("server"), environment) !== undefined) {
    throw new UsageError(
      `${needs.job} needs the store itself`,
      "run it on the store's machine, with --store DIR",
    );
  }
  return { directory: storePath(args.text("store"), environment), options: storeOptions(context, needs) };
}

function storeOptions(
  { arguments: args, output, environment, signal }: VerbContext,
  needs: ConnectionNeeds,
): StoreOptions {
  return {
    job: needs.job,
    create: needs.create ?? false,
    repair: needs.repair ?? false,
    lockWaitMs: args.duration("lock-wait") ?? DEFAULT_LOCK_WAIT_MS,
    note: (text) => output.note(printable(text)),
    warn: (text) => output.warn(printable(text)),
    environment,
    known: knownStores(environment),
    signal,
  };
}

/** The URL of the remote store; undefined for a local one. An option wins over both variables. */
export function remoteServer(
  store: string | undefined,
  server: string | undefined,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (store !== undefined && server !== undefined) {
    throw new UsageError("--store and --server name two stores", "give one of them");
  }
  if (store !== undefined) return undefined;
  const url = server ?? (environment["DATADB_SERVER"] || undefined);
  if (url !== undefined && !url.includes("://")) {
    const given = server === undefined ? "DATADB_SERVER" : "--server";
    throw new UsageError(
      `${given} is ${url}, which is no URL`,
      "write redis://HOST:9736, or rediss://HOST:9736 for TLS; a directory goes to --store",
    );
  }
  return url;
}

/** It is hidden by now (run-process.ts). */
function warnOfPassword(server: string, option: string, warn: (text: string) => void): void {
  if (!URL.canParse(server) || new URL(server).password === "") return;
  const instead = option === "--server" ? "DATADB_SERVER" : "DATADB_PASSWORD";
  warn(`the password in ${option} was visible in the process list: use ${instead} instead`);
}
