/** Mounts the backups of a store on a directory, and serves them until the end. */
import { closeSync } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type Connection, localTimezone } from "@datadb/client";
import { ConnectionLostError } from "@datadb/protocol";
import { checkDirectory } from "./mount/check-directory.ts";
import { mountDevice } from "./mount/mount-device.ts";
import { raiseReadAhead } from "./mount/read-ahead.ts";
import { isMounted, unmount } from "./mount/unmount.ts";
import { startWatchdog } from "./mount/watchdog.ts";
import { type PreparedContent, prepareContent } from "./serve/prepare-content.ts";
import { type Served, serveDevice } from "./serve/serve-device.ts";

/** Decoded chunks and loaded directories that are kept. */
const CACHE_BYTES = 128 << 20;
const DIRECTORY_BYTES = 192 << 20;
/** How often it is asked whether the store is still there. */
const HEARTBEAT_MS = 5000;
/** How long the receiver may take to see that the file system is gone. */
const LAST_WAIT_MS = 5000;

export interface MountOptions {
  /** Bytes of decoded chunks that are kept. */
  cacheBytes?: number;
  /** For times below at/; that of the process when absent. */
  timezone?: string;
  /** Ends the mount when it is aborted. */
  signal?: AbortSignal;
  /** The directory can be used from now on. */
  onMounted?(directory: string): void;
  /** A line for the log: something that could not be read, and why. */
  problem?(text: string): void;
  note?(text: string): void;
}

/**
 * Resolves when the file system was unmounted, by the signal or by somebody else. Nothing of the mount is left then.
 *
 * @throws USAGE, MOUNT_FAILED; CONNECTION_LOST when the store went away and did not come back.
 * @example
 * await mount(connection, "/mnt/backups", { signal: AbortSignal.timeout(60_000) });
 */
export async function mount(
  connection: Connection,
  where: string,
  options: MountOptions = {},
): Promise<void> {
  const { note = () => undefined, signal } = options;
  const directory = await checkDirectory(where, note);
  // Before there is a mount that would have to be taken away.
  const content = await prepareContent(connection, options.cacheBytes ?? CACHE_BYTES);
  try {
    signal?.throwIfAborted();
    await mountAndServe(directory, connection, content, options);
  } finally {
    await content.cache.close();
  }
}

async function mountAndServe(
  directory: string,
  connection: Connection,
  content: PreparedContent,
  options: MountOptions,
): Promise<void> {
  const fd = await mountDevice(directory);
  const watchdog = startWatchdog(directory);
  let served: Served | undefined;
  try {
    served = serveDevice({
      fd,
      connection,
      content,
      mounter: {
        uid: process.getuid?.() ?? 0,
        gid: process.getgid?.() ?? 0,
        time: BigInt(Date.now()) * 1_000_000n,
      },
      timezone: options.timezone ?? localTimezone(),
      directoryBytes: DIRECTORY_BYTES,
      problem: onceEach(options.problem ?? (() => undefined)),
    });
    await untilEnd(served, directory, connection, options);
  } finally {
    // The receiver first: it works on the descriptor, and answers what unmounting asks.
    const over = served === undefined || (await takeAway(served, directory));
    // A number that the receiver still uses must not become somebody else's.
    if (over) closeSync(fd);
    if (isMounted(directory)) await unmount(directory, true);
    watchdog.dismiss();
  }
}

async function untilEnd(
  served: Served,
  directory: string,
  connection: Connection,
  { signal, onMounted }: MountOptions,
): Promise<void> {
  let why: Error | undefined;
  let end: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    end = resolve;
  });
  signal?.addEventListener("abort", end, { once: true });
  const stopHeartbeat = heartbeat(connection, (error) => {
    why = error;
    end();
  });
  try {
    await Promise.race([served.ready, served.ended]);
    raiseReadAhead(directory);
    onMounted?.(directory);
    if (!signal?.aborted) await Promise.race([told, served.ended]);
  } finally {
    stopHeartbeat();
    signal?.removeEventListener("abort", end);
  }
  if (why !== undefined) throw why;
}

/**
 * Plainly when nobody is inside, else lazily: those who are get an error, and the process need not wait for them. False: somebody
 * else took the mount away lazily, and those who are inside hold the receiver; it ends with the process.
 */
async function takeAway(served: Served, directory: string): Promise<boolean> {
  if (!served.isOver() && isMounted(directory) && (await unmount(directory, false)).code !== 0) {
    const inside = await open(directory).catch(() => null);
    served.stop();
    await unmount(directory, true);
    // The receiver waits for a request before it sees that it should end: this is one.
    if (inside !== null) await statfs(`/proc/self/fd/${inside.fd}`).catch(() => undefined);
    await inside?.close().catch(() => undefined);
  }
  const over = served.ended.then(
    () => true,
    () => true,
  );
  return await Promise.race([over, delay(LAST_WAIT_MS, false, { ref: false })]);
}

/** Tells when the connection is lost for good: it has its own patience before it says so. */
function heartbeat(connection: Connection, lost: (error: Error) => void): () => void {
  let beating = false;
  const timer = setInterval(() => {
    if (beating) return;
    beating = true;
    connection
      .call("PING")
      .catch((error: Error) => {
        if (error instanceof ConnectionLostError) lost(error);
      })
      .finally(() => {
        beating = false;
      });
  }, HEARTBEAT_MS);
  return () => clearInterval(timer);
}

/** Programs try again: one line for each thing that is wrong is enough. */
function onceEach(problem: (text: string) => void): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    if (told.size > 1000) told.clear();
    told.add(text);
    problem(text);
  };
}
