/** The options that SCAN, HSCAN, SSCAN and BSCAN share. */
import { notAnInteger, syntaxError } from "../../dispatch/reply-errors.ts";
import { parseCount } from "./integer.ts";

const DEFAULT_PAGE = 10;
/** One step must not hold up the others. */
const MAX_PAGE = 10_000;

/** COUNT: how many elements a step looks at. */
export function parsePageSize(arg: Buffer | undefined): number {
  if (arg === undefined) return DEFAULT_PAGE;
  if (arg.toString("latin1", 0, 2).startsWith("-")) throw notAnInteger();
  const count = parseCount(arg);
  if (count < 1) throw syntaxError();
  return Math.min(count, MAX_PAGE);
}
