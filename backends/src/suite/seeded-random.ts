/** Repeatable randomness for tests: the same seed gives the same run. */

/** A source of pseudo-random numbers (mulberry32). */
export interface Random {
  readonly seed: number;
  /** 0 <= x < 1. */
  fraction(): number;
  /** Integer from 0 to `below`, excluded. */
  integer(below: number): number;
  /** One of the items. */
  pick<T>(items: readonly T[]): T;
  /** `length` bytes. */
  bytes(length: number): Buffer;
}

/** The seed of this run: `DATADB_TEST_SEED`, else a new one; tests put it into their names, so that a failure can be repeated. */
export function runSeed(): number {
  const given = Number(process.env["DATADB_TEST_SEED"]);
  return Number.isInteger(given) && given > 0 ? given : Date.now() % 1_000_000_007;
}

/** A generator that starts at `seed`, an integer. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (below: number): number => Math.floor(fraction() * below);
  return {
    seed,
    fraction,
    integer,
    pick: (items) => items[integer(items.length)]!,
    bytes(length) {
      const made = Buffer.allocUnsafe(length);
      for (let at = 0; at < length; at++) made[at] = integer(256);
      return made;
    },
  };
}
