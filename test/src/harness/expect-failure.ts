/** What every failure owes a person: the right exit code, the object's name and a next step, never a stack. */
import { expect } from "vitest";
import { type CommandResult, describeResult, parseRecords } from "./command.ts";

export interface Failure {
  exit: number;
  /** The stable code of the `--json` record. */
  code?: string;
  /** What the message names: a path, a pack, a backup. */
  names: string | RegExp;
  /** What the next step must speak of. */
  next: RegExp;
}

/** Expects that a run (with `--json`) failed as described, on both standard error and the error record. */
export function expectFailure(words: readonly string[], result: CommandResult, failure: Failure): void {
  const what = describeResult(words, result);
  expect(result.code, what).toBe(failure.exit);
  expect(result.stderr, what).toMatch(pattern(failure.names));
  expect(result.stderr, what).toMatch(failure.next);
  expect(result.stderr, what).not.toMatch(/^\s+at .*:\d+:\d+|unexpected:/m);
  if (failure.code === undefined) return;
  const error = parseRecords(result.stdout).find((record) => record["type"] === "error");
  expect(error, what).toMatchObject({ code: failure.code, exit: failure.exit });
}

function pattern(names: string | RegExp): RegExp {
  return typeof names === "string" ? new RegExp(names.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) : names;
}
