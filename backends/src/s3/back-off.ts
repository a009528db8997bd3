/** Repeats what failed for a reason that passes, after pauses that grow and are random. */
import { setTimeout as wait } from "node:timers/promises";

/** How often, how long between, and how long at all. */
export interface BackOff {
  /** Attempts after the first, not counting those that found the service away while `patience` lasts. */
  retries: number;
  /** Milliseconds: the first pause is random below it, each later one below twice as much. */
  delay: number;
  /** Milliseconds: no pause is longer. */
  maxDelay: number;
  /** Milliseconds for which a service that is away is tried, however often that is; 0: it counts like other failures. */
  patience: number;
}

/** What an error says of the next attempt: it is of no use, it may pass, or it may pass once the service is back. */
export type Outlook = "final" | "passing" | "away";

/** Time and chance, so that tests need neither. */
export interface BackOffClock {
  now(): number;
  /** Resolves after so many milliseconds, or rejects when a signal is aborted. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** 0 <= x < 1. */
  random(): number;
}

/** Around one attempt. */
export interface Retrying {
  judge(error: unknown): Outlook;
  /** Hears of each further attempt before its pause, with the milliseconds since the service was first found away. */
  onRetry(error: unknown, away: number): void;
  /** Gives up the call: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Ends patience: what fails from then on is not tried again, and no further attempt is waited for. */
  end?: AbortSignal | undefined;
}

const SYSTEM_CLOCK: BackOffClock = {
  now: () => performance.now(),
  wait: (milliseconds, signal) => wait(milliseconds, undefined, signal === undefined ? {} : { signal }),
  random: Math.random,
};

/** Rejects with the signal's reason as soon as it is aborted, whatever becomes of the work. */
async function unless<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return await work;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
  });
  // Nobody may be left to hear of it.
  work.catch(() => {});
  return await Promise.race([work, aborted]).finally(() => signal.removeEventListener("abort", abort));
}

/** The result of `attempt`, tried again while that is of use. Rejects with the last error, or with the reason of `signal`. */
export async function withBackOff<T>(
  { retries, delay, maxDelay, patience }: BackOff,
  attempt: () => Promise<T>,
  { judge, onRetry, signal, end }: Retrying,
  clock: BackOffClock = SYSTEM_CLOCK,
): Promise<T> {
  const stop = signal === undefined || end === undefined ? (signal ?? end) : AbortSignal.any([signal, end]);
  let last: unknown;
  let awaySince: number | null = null;
  for (let [tried, counted] = [0, 0]; ; tried++) {
    signal?.throwIfAborted();
    try {
      return await (tried === 0 ? attempt() : unless(end, attempt()));
    } catch (error) {
      signal?.throwIfAborted();
      // An attempt that was not waited for says less than the one before.
      if (tried > 0 && end?.aborted) throw last;
      last = error;
    }
    const outlook = judge(last);
    if (outlook === "final" || end?.aborted) throw last;
    if (outlook === "away") awaySince ??= clock.now();
    const away = awaySince === null ? 0 : clock.now() - awaySince;
    const waits = outlook === "away" && patience > 0;
    if (waits ? away >= patience : counted++ >= retries) throw last;
    onRetry(last, away);
    // Full jitter: clients that failed together do not come back together.
    const pause = clock.random() * Math.min(maxDelay, delay * 2 ** tried);
    try {
      await clock.wait(waits ? Math.min(pause, patience - away) : pause, stop);
    } catch {
      signal?.throwIfAborted();
      throw last;
    }
  }
}
