/** One collection at a time, and what is told of them. */
import { ReplyError } from "@datadb/protocol";
import { collectGarbage } from "./collect-garbage.ts";
import type { CollectOptions, CollectorFacts, CollectSummary } from "./collection.ts";
import type { GcParts } from "./gc-parts.ts";

export interface Collector {
  /** See Database.collect. */
  collect(options?: CollectOptions): Promise<CollectSummary>;
  facts(): CollectorFacts;
  /** Ends a collection under way; resolves when nothing is done any more. */
  close(): Promise<void>;
}

/** Over the parts of an open store. */
export function openCollector(parts: Omit<GcParts, "progress" | "unfinished">): Collector {
  const facts: CollectorFacts = { phase: "", done: 0, total: 0, runs: 0, blobs: 0, returned: 0 };
  const closing = new AbortController();
  let running: Promise<CollectSummary> | null = null;
  const all: GcParts = {
    ...parts,
    unfinished: null,
    progress: (phase, done, total) => Object.assign(facts, { phase, done, total }),
  };
  const run = async (options: CollectOptions): Promise<CollectSummary> => {
    const { signal } = options;
    const either = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    const { sweepOnly = false } = options;
    try {
      either.throwIfAborted();
      const diskFull = !sweepOnly && (await all.reserve.releaseToCollect());
      const summary = await collectGarbage(all, { ...options, diskFull, signal: either });
      facts.runs += 1;
      if (options.dryRun) return summary;
      facts.blobs += summary.blobs;
      facts.returned += summary.returned;
      return summary;
    } finally {
      if (!sweepOnly) await all.reserve.restore();
      all.progress("", 0, 0);
    }
  };
  return {
    async collect(options = {}) {
      if (running !== null) throw new ReplyError("BUSY garbage is being collected already; wait for its end");
      running = run(options);
      try {
        return await running;
      } finally {
        // Not within run(): what is refused at once would end before it was noted as running, for good.
        running = null;
      }
    },
    facts: () => ({ ...facts }),
    async close() {
      closing.abort(new Error("the store is being closed"));
      await running?.catch(() => undefined);
    },
  };
}
