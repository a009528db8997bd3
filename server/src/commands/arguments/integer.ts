/** Integers among arguments. All throw "ERR value is not an integer or out of range". */
import { notAnInteger } from "../../dispatch/reply-errors.ts";

export const MAX_INDEX: bigint = 2n ** 64n - 1n;
/** A page, a limit: what a number holds exactly. */
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** A list index, 0 to 2^64-1. `+` and the byte 0xff (as the origin's clients send it) mean the greatest, `-` the least. */
export function parseIndex(arg: Buffer): bigint {
  if (arg.length === 1) {
    if (arg[0] === 43 || arg[0] === 255) return MAX_INDEX;
    if (arg[0] === 45) return 0n;
  }
  const value = BigInt(digits(arg, 20));
  if (value > MAX_INDEX) throw notAnInteger();
  return value;
}

/** A number of things, 0 or more. */
export function parseCount(arg: Buffer): number {
  const value = Number(digits(arg, 16));
  if (value > MAX_COUNT) throw notAnInteger();
  return value;
}

/** A limit: 0 means none, here undefined. */
export function parseLimit(arg: Buffer | undefined): number | undefined {
  const value = arg === undefined ? 0 : parseCount(arg);
  return value === 0 ? undefined : value;
}

function digits(arg: Buffer, most: number): string {
  const text = arg.length > most ? "" : arg.toString("latin1");
  if (!/^[0-9]+$/.test(text)) throw notAnInteger();
  return text;
}
