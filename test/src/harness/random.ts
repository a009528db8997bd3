/** Numbers that look random and repeat with the seed of the run. */
import { randomInt } from "node:crypto";

/** The seed of this run: `DATADB_TEST_SEED`, which test/run sets and prints. */
export const seed: number = Number(process.env["DATADB_TEST_SEED"] ?? randomInt(2 ** 30));

/** A stream of numbers of its own: reading from one never changes what another gives. */
export interface Random {
  /** 0 <= n < below. */
  integer(below: number): number;
  bytes(length: number): Buffer;
  pick<T>(choices: readonly T[]): T;
  /** True this often, 0 to 1. */
  chance(probability: number): boolean;
}

/** The stream that belongs to the label in this run. */
export function randomOf(label: string): Random {
  let state = seed | 0;
  for (const character of label)
    state = Math.imul(state ^ (character.codePointAt(0) as number), 0x5bd1e995) + 1;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const integer = (below: number): number => Math.floor((next() / 2 ** 32) * below);
  return {
    integer,
    bytes(length) {
      const words = new Uint32Array(Math.ceil(length / 4));
      for (let i = 0; i < words.length; i++) words[i] = next();
      return Buffer.from(words.buffer, 0, length);
    },
    pick: (choices) => choices[integer(choices.length)] as (typeof choices)[number],
    chance: (probability) => next() / 2 ** 32 < probability,
  };
}
