/** Who may begin when: nobody after close, nobody but the reindex while it runs, and neither that nor another one while packs are compacted. */
import { ReadOnlyError } from "@datadb/protocol";
import { untilAborted } from "./until-aborted.ts";

export interface OpeningGate {
  /** Resolves when a call may begin. Rejects with a TypeError after close, and with the signal's reason. */
  enter(signal?: AbortSignal): Promise<void>;
  /** The same for what changes something; READ_ONLY where nothing may change. */
  enterWritable(signal?: AbortSignal): Promise<void>;
  /** Runs a compaction, after those that were asked for before. */
  compact<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>;
  /** Runs a reindex: all other calls wait for it. It waits for a compaction, which moves what it lists. */
  reindex<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>;
  /** Runs `shut` once, when no reindex is running; further calls wait for the same end. */
  close(shut: () => Promise<void>): Promise<void>;
}

/** An open gate; `description` is what messages call the backend. */
export function createOpeningGate(description: string, readOnly = false): OpeningGate {
  let closing: Promise<void> | null = null;
  let reindexing: Promise<unknown> | null = null;
  let compacting: Promise<unknown> | null = null;

  async function enter(signal?: AbortSignal): Promise<void> {
    if (closing !== null) throw new TypeError(`${description} is closed`);
    signal?.throwIfAborted();
    while (reindexing !== null) await reindexing.catch(() => {});
  }

  async function enterWritable(signal?: AbortSignal): Promise<void> {
    await enter(signal);
    if (readOnly) throw new ReadOnlyError(`${description} is opened read-only`);
  }

  /** Runs `work` as soon as no compaction is running; `note` hears of it before anybody else can begin, and null when it has ended. */
  async function alone<T>(
    enterAs: typeof enter,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    note: (running: Promise<T> | null) => void,
  ): Promise<T> {
    await enterAs(signal);
    while (compacting !== null) {
      await untilAborted(
        compacting.catch(() => {}),
        signal,
      );
      await enterAs(signal);
    }
    const running = work();
    note(running);
    try {
      return await running;
    } finally {
      note(null);
    }
  }

  return {
    enter,
    enterWritable,
    compact: (signal, work) =>
      alone(enterWritable, signal, work, (running) => {
        compacting = running;
      }),
    reindex: (signal, work) =>
      alone(enter, signal, work, (running) => {
        reindexing = running;
      }),
    async close(shut) {
      closing ??= (reindexing ?? Promise.resolve()).then(shut, shut);
      await closing;
    },
  };
}
