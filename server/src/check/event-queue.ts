/** Events of several workers, in the order in which they come. */
import type { CheckEvent } from "../database.ts";

export interface EventQueue {
  tell(event: CheckEvent): void;
  /** The workers; the queue ends when all have ended. */
  run(workers: readonly Promise<void>[]): void;
  /** All events; throws what a worker threw first, after all have ended. */
  events(): AsyncGenerator<CheckEvent, void>;
}

export function eventQueue(): EventQueue {
  const waiting: CheckEvent[] = [];
  let ended = false;
  let failure: { error: unknown } | null = null;
  let wake = (): void => {};
  return {
    tell(event) {
      waiting.push(event);
      wake();
    },
    run(workers) {
      const end = async (): Promise<void> => {
        for (const { status, reason } of (await Promise.allSettled(workers)) as PromiseRejectedResult[])
          if (status === "rejected") failure ??= { error: reason };
        ended = true;
        wake();
      };
      void end();
    },
    async *events() {
      while (!ended || waiting.length > 0) {
        yield* waiting.splice(0);
        if (ended || waiting.length > 0) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure !== null) throw failure.error;
    },
  };
}
