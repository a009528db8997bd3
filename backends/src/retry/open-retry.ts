/**
 * A wrapper that repeats what failed because the backend could not be reached:
 * `retry: { to: { ... }, attempts: 8, delay: 200, maxDelay: 30000 }`.
 */
import { setTimeout as wait } from "node:timers/promises";
import { DatadbError } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendOptions } from "../backend-options.ts";
import { coldIn } from "../cold-in.ts";
import { counterOf } from "../counter-of.ts";
import type { OpenContext } from "../open-backend.ts";
import { listAgain } from "./list-again.ts";

/** How often and how long. */
export interface RetryPolicy {
  /** Attempts at one call, the first one included. */
  readonly attempts: number;
  /** Milliseconds: the first pause is random below it, each further one below twice as much. */
  readonly delay: number;
  readonly maxDelay: number;
  /** Ends all pauses. */
  readonly end?: AbortSignal;
}

/** Time and chance, so that tests need neither. */
export interface RetryClock {
  /** Resolves after so many milliseconds; rejects with the signal's reason. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** 0 <= x < 1. */
  random(): number;
}

/** Makes one attempt after the other; `may` says whether an error allows another one. Rejects with the last error. */
export type Repeat = <T>(
  work: () => Promise<T>,
  signal?: AbortSignal,
  may?: (error: unknown) => boolean,
) => Promise<T>;

const SYSTEM_CLOCK: RetryClock = {
  async wait(milliseconds, signal) {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() =>
      signal?.throwIfAborted(),
    );
  },
  random: Math.random,
};

/** Whether the same call may succeed later. */
function mayPass(error: unknown): boolean {
  return error instanceof DatadbError && ["BACKEND_UNAVAILABLE", "THROTTLED"].includes(error.code);
}

/** Accepted records that were lost: a flush that is repeated would not bring them back, and would seem to have. */
const lostIn = (backend: Backend): number => counterOf(backend, "records-lost");

/** `end`: who opened the store wants to end, and nothing waits from then on. */
function repeater(
  { attempts, delay, maxDelay, end }: RetryPolicy,
  clock: RetryClock,
  count: () => void,
): Repeat {
  return async (work, given, may = mayPass) => {
    const signals = [given, end].filter((one) => one !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (attempt >= attempts || !may(error)) throw error;
        // Full jitter: those who failed together do not come back together.
        await clock.wait(clock.random() * Math.min(maxDelay, delay * 2 ** (attempt - 1)), signal);
        signal?.throwIfAborted();
        count();
      }
    }
  };
}

/** `inner`, with patience. Everything but a flush that lost records is idempotent, and repeated. */
export function retry(inner: Backend, policy: RetryPolicy, clock: RetryClock = SYSTEM_CLOCK): Backend {
  let repeated = 0;
  const again = repeater(policy, clock, () => {
    repeated += 1;
  });
  return {
    type: "retry",
    description: `retry ${inner.description}`,
    capabilities: inner.capabilities,
    inner: [inner],
    get cold() {
      return coldIn(inner);
    },
    ...(inner.namesIn === undefined ? {} : { namesIn: () => inner.namesIn?.() ?? null }),
    moreNamesIn: () => inner.moreNamesIn?.() ?? [],
    hasMany: (kind, names, signal) => again(() => inner.hasMany(kind, names, signal), signal),
    putMany: (records, signal) => again(() => inner.putMany(records, signal), signal),
    replaceMany: (kind, records) => again(() => inner.replaceMany(kind, records)),
    getMany: (kind, names, signal) => again(() => inner.getMany(kind, names, signal), signal),
    statMany: (kind, names, signal) => again(() => inner.statMany(kind, names, signal), signal),
    list: (kind, signal, pack) => listAgain(inner, again, kind, signal, pack),
    packs: (kind) => again(() => inner.packs(kind)),
    distrustMany: (kind, names) => again(() => inner.distrustMany(kind, names)),
    setAside: (kind, names) => again(() => inner.setAside(kind, names)),
    removeMany: (kind, names) => again(() => inner.removeMany(kind, names)),
    compact: (options) => again(() => inner.compact(options), options.signal),
    async flush(kinds) {
      const before = lostIn(inner);
      await again(
        () => inner.flush(kinds),
        undefined,
        (error) => mayPass(error) && lostIn(inner) === before,
      );
    },
    reindex: (signal) => again(() => inner.reindex(signal), signal),
    counters: () => ({ "calls-repeated": repeated }),
    close: () => inner.close(),
  };
}

const HOUR_MS = 3_600_000;

/** Opens `to`, with the same patience. */
export async function openRetry(options: BackendOptions, context: OpenContext): Promise<Backend> {
  const child = options.child("to");
  const policy: RetryPolicy = {
    attempts: options.integer("attempts", { min: 1, max: 1000, fallback: 8 }),
    delay: options.integer("delay", { min: 1, max: HOUR_MS, fallback: 200 }),
    maxDelay: options.integer("maxDelay", { min: 1, max: HOUR_MS, fallback: 30_000 }),
    ...(context.signal === undefined ? {} : { end: context.signal }),
  };
  options.done();
  const again = repeater(policy, SYSTEM_CLOCK, () => {});
  return retry(await again(() => context.openChild(child)), policy);
}
