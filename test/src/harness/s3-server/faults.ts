/** A seeded plan of what goes wrong, and how often. */

/**
 * What may befall a request. `drop`: the connection ends before anything was done; `drop-reply`: after it was done, before the answer;
 * `delay`: it is answered late; `500`, `503`: the server says so and does nothing; `truncate`: the body of the answer
 * ends early; `corrupt`: bytes of it are wrong; `garble`: bytes that arrived are wrong; `short-page`: a list answers with fewer keys than it could.
 */
export type FaultKind =
  | "drop"
  | "drop-reply"
  | "delay"
  | "500"
  | "503"
  | "truncate"
  | "corrupt"
  | "garble"
  | "short-page";

const FAULT_KINDS: readonly FaultKind[] = [
  "drop",
  "drop-reply",
  "delay",
  "500",
  "503",
  "truncate",
  "corrupt",
  "garble",
  "short-page",
];

/** Which requests meet a fault. */
export interface FaultPlan {
  seed: number;
  /** Of each request, 0 to 1. */
  probability: number;
  kinds?: readonly FaultKind[];
  /** Only these operations, e.g. `PutObject`; all when absent. */
  operations?: readonly string[];
  /** How late a delayed answer is. */
  delayMs?: number;
  /** At most so many faults. */
  limit?: number;
}

/** Draws the fate of one request after the other. */
export interface FaultDice {
  next(operation: string): FaultKind | null;
  /** 0 <= n < below. */
  integer(below: number): number;
  /** Faults so far. */
  readonly count: number;
  readonly delayMs: number;
}

/** Dice for a plan: the same seed and order of requests meet the same faults. */
export function createFaultDice(plan: FaultPlan): FaultDice {
  let state = plan.seed | 0;
  let count = 0;
  const kinds = plan.kinds ?? FAULT_KINDS;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number): number => Math.floor(fraction() * below);
  return {
    next(operation) {
      if (plan.operations !== undefined && !plan.operations.includes(operation)) return null;
      if (count >= (plan.limit ?? Number.POSITIVE_INFINITY) || fraction() >= plan.probability) return null;
      count += 1;
      return kinds[integer(kinds.length)] ?? null;
    },
    integer,
    get count() {
      return count;
    },
    delayMs: plan.delayMs ?? 20,
  };
}
