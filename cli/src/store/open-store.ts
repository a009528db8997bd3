/**
 * Opens a store for a program: the same code path as the command's.
 *
 *     import { listBackups, openStore, snapshot } from "datadb";
 *
 *     await using store = await openStore("/srv/backup", { create: true });
 *     await snapshot(store, ["/etc"], { name: "etc" });
 *     for (const backup of await listBackups(store)) console.log(backup.name, backup.time);
 */
import { type Connection, connect, reconnecting } from "@datadb/client";
import { attachStore } from "./attach-store.ts";
import { realPath } from "./real-path.ts";
import type { StoreOptions } from "./store-options.ts";

/** A Connection that `await using` closes. */
export interface OpenStore extends Connection, AsyncDisposable {}

/** Waiting a minute bridges every clean end of another process, and is short enough for a person. */
const LOCK_WAIT_MS = 60_000;

/**
 * `where` is the directory of a store, or the URL of a server (redis://[USER:PASSWORD@]HOST[:PORT], rediss://).
 *
 * A local store is opened in this process, which then also serves it to other processes until close(); when another
 * process has it open already, this one becomes its guest, and takes over when that process dies. close() waits for
 * guests; aborting `signal` ends that.
 *
 * Throws NO_STORE (unless `create`), STORE_LOCKED (after `lockWaitMs`), STORE_MISSING_KNOWN and WRONG_STORE (with
 * `known`), FORMAT_TOO_NEW, DAMAGED, CONNECTION_LOST.
 */
export async function openStore(where: string, options: Partial<StoreOptions> = {}): Promise<OpenStore> {
  const { signal, lockWaitMs = LOCK_WAIT_MS } = options;
  const open = /^[a-z]+:\/\//.test(where) ? remote(where, signal) : local(realPath(where), options);
  const initial = await open();
  const connection = reconnecting(open, {
    initial,
    giveUpAfterMs: lockWaitMs,
    ...(signal ? { signal } : {}),
  });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

function remote(url: string, signal: AbortSignal | undefined): () => Promise<Connection> {
  return () => connect(url, signal ? { signal } : {});
}

function local(directory: string, options: Partial<StoreOptions>): () => Promise<Connection> {
  const complete: StoreOptions = {
    job: "embedded",
    create: false,
    lockWaitMs: LOCK_WAIT_MS,
    note: () => undefined,
    warn: (text) => process.emitWarning(text, "DatadbWarning"),
    environment: process.env,
    ...options,
  };
  return () => attachStore(directory, complete);
}
