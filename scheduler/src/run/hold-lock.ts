/**
 * Locks between processes: a name in the kernel's abstract socket namespace. It is taken at once and by one only, and is
 * free the moment its process is gone, however it ended; nothing is left to clean up, and waiting needs no polling.
 * Processes in different network namespaces (containers) do not see each other's.
 */
import { createHash } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Gives the lock back. */
export type Release = () => Promise<void>;

/** Only a lock that was free and taken again in between is met this way. */
const AGAIN_MS = 20;

function addressOf(words: readonly string[]): string {
  const name = createHash("sha256").update(words.join("\0")).digest("hex").slice(0, 40);
  return `\0datadb-scheduler-${process.getuid?.() ?? 0}-${name}`;
}

/** Takes the lock that these words name; null when it is held. */
export function tryLock(...words: string[]): Promise<Release | null> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<import("node:net").Socket>();
    const server: Server = createServer((socket) => {
      waiting.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => waiting.delete(socket));
    });
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    server.listen(addressOf(words), () => {
      server.unref();
      resolve(
        () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of waiting) socket.destroy();
          }),
      );
    });
  });
}

/** Waits for the lock; `onWait` is called when somebody else has it. Rejects with the signal's reason. */
export async function holdLock(
  words: readonly string[],
  { signal, onWait }: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<Release> {
  for (let told = false; ; told = true) {
    signal?.throwIfAborted();
    const release = await tryLock(...words);
    if (release !== null) return release;
    if (!told) onWait?.();
    await untilReleased(addressOf(words), signal);
  }
}

/** Resolves when the holder has gone or given it back. */
export async function lockReleased(words: readonly string[], signal?: AbortSignal): Promise<void> {
  await untilReleased(addressOf(words), signal);
}

async function untilReleased(address: string, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const socket = connect(address);
    const end = (): void => {
      signal?.removeEventListener("abort", end);
      socket.destroy();
      resolve();
    };
    signal?.addEventListener("abort", end, { once: true });
    socket.on("error", end);
    socket.on("close", end);
  });
  signal?.throwIfAborted();
  await delay(AGAIN_MS, undefined, signal ? { signal } : {});
}
