/** For tests: a clock whose time passes only when the test says so, and which jumps when the test says so. */
import type { Clock } from "../daemon/clock.ts";

export interface FakeClock extends Clock {
  /** What a stopwatch would say: milliseconds that really passed. */
  elapsed(): number;
  /** Moves the wall clock: positive is also what a sleep looks like from inside. */
  jump(ms: number): void;
  /** When the next wait ends, as elapsed(); Infinity when nobody waits. */
  nextEnd(): number;
  /** Lets time pass until then, and ends the waits that are over. */
  passTo(elapsed: number): void;
}

export function fakeClock(start: number): FakeClock {
  let passed = 0;
  let offset = start;
  const waits = new Set<{ end: number; done: () => void }>();
  return {
    now: () => offset + passed,
    elapsed: () => passed,
    wait(ms, signal) {
      return new Promise((resolve) => {
        const wait = {
          end: passed + Math.max(0, ms),
          done: () => {
            waits.delete(wait);
            signal.removeEventListener("abort", wait.done);
            resolve();
          },
        };
        waits.add(wait);
        if (signal.aborted) wait.done();
        else signal.addEventListener("abort", wait.done, { once: true });
      });
    },
    jump(ms) {
      offset += ms;
    },
    nextEnd() {
      let first = Number.POSITIVE_INFINITY;
      for (const { end } of waits) if (end < first) first = end;
      return first;
    },
    passTo(elapsed) {
      passed = Math.max(passed, elapsed);
      for (const wait of waits) if (wait.end <= passed) wait.done();
    },
  };
}
