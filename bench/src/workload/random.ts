/** Random numbers that are the same in every run: workloads must not change between measurements. */

export interface Random {
  /** 0 <= n < below. */
  integer(below: number): number;
  /** 0 <= x < 1. */
  fraction(): number;
  /** So many hexadecimal digits. */
  hex(digits: number): string;
}

/** The stream of numbers that belongs to these three. */
export function randomOf(a: number, b: number, c: number): Random {
  let state =
    (Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b) ^ Math.imul(c + 1, 0xc2b2ae35)) | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    integer: (below) => Math.floor((next() / 2 ** 32) * below),
    fraction: () => next() / 2 ** 32,
    hex(digits) {
      let text = "";
      while (text.length < digits) text += next().toString(16).padStart(8, "0");
      return text.slice(0, digits);
    },
  };
}
