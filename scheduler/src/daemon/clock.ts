/** Time, as something that a test can own. */
import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  /** Milliseconds since 1970. It may jump, in both directions. */
  now(): number;
  /** Resolves after so many milliseconds or when the signal is aborted; later when the machine slept. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => delay(Math.max(0, ms), undefined, { signal }).catch(() => undefined),
};
