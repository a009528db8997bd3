/** Words among arguments, in any case: MATCH, COUNT, WITH INDEX. */
import { syntaxError } from "../../dispatch/reply-errors.ts";

/** The word in upper case; longer arguments are no words. */
export function word(arg: Buffer | undefined): string {
  return arg === undefined || arg.length > 32 ? "" : arg.toString("latin1").toUpperCase();
}

/** Reads `WORD value` pairs from `start` on. Throws ERR syntax error for an unknown word or a missing value; the last one counts. */
export function parseOptions<Name extends string>(
  args: readonly Buffer[],
  start: number,
  names: readonly Name[],
): Partial<Record<Name, Buffer>> {
  const options: Partial<Record<Name, Buffer>> = {};
  for (let at = start; at < args.length; at += 2) {
    const name = names.find((known) => known === word(args[at]));
    const value = args[at + 1];
    if (name === undefined || value === undefined) throw syntaxError();
    options[name] = value;
  }
  return options;
}

/** Whether the arguments end in WITH INDEX, and the others. */
export function splitWithIndex(args: readonly Buffer[]): { rest: readonly Buffer[]; withIndex: boolean } {
  const withIndex = word(args.at(-1)) === "INDEX" && word(args.at(-2)) === "WITH";
  return { rest: withIndex ? args.slice(0, -2) : args, withIndex };
}
