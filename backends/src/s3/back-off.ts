/** Repeats what failed for a reason that passes, after pauses that grow and are random. */
import { setTimeout as wait } from "node:timers/promises";

/** How often, and how long between. */
export interface BackOff {
  /** Attempts after the first. */
  retries: number;
  /** Milliseconds: the first pause is random below it, each later one below twice as much. */
  delay: number;
  /** Milliseconds: no pause is longer. */
  maxDelay: number;
}

/**
 * The result of `attempt`, tried again while `passes` says of its error that it may pass. `onRetry` hears of each. Rejects with the last
 * error, or with the signal's reason.
 */
export async function withBackOff<T>(
  { retries, delay, maxDelay }: BackOff,
  attempt: () => Promise<T>,
  passes: (error: unknown) => boolean,
  onRetry: () => void,
  signal?: AbortSignal,
): Promise<T> {
  for (let tried = 0; ; tried++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (tried >= retries || !passes(error)) throw error;
    }
    onRetry();
    // Full jitter: clients that failed together do not come back together.
    const pause = Math.random() * Math.min(maxDelay, delay * 2 ** tried);
    await wait(pause, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}
