/** What a case of the contract claims; a claim that does not hold is an AssertionError that says what was found. */
import assert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";

/** Characters of a value in a message. */
const SHOWN = 200;

function show(value: unknown): string {
  const text = inspect(value, {
    maxArrayLength: 8,
    maxStringLength: SHOWN,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}

function fail(actual: unknown, expected: unknown, where: string): never {
  const message = `${where}found ${show(actual)} instead of ${show(expected)}`;
  throw new assert.AssertionError({ message, actual, expected });
}

/** The same, in every field. Of lists only the first element that differs is told: a comparison of megabytes takes longer than a person waits. */
export function equal<T>(actual: T, expected: T): void {
  if (isDeepStrictEqual(actual, expected)) return;
  if (!Array.isArray(actual) || !Array.isArray(expected)) fail(actual, expected, "");
  const at = expected.findIndex((one, index) => !isDeepStrictEqual(actual[index], one));
  if (at === -1) fail(actual.length, expected.length, "as many elements: ");
  fail(actual[at], expected[at], `element ${at}: `);
}

export function hasLength(actual: { readonly length: number }, expected: number): void {
  assert.equal(actual.length, expected);
}

export function isGreater(actual: number, than: number): void {
  assert.ok(actual > than, `${actual} is not more than ${than}`);
}

/** These fields are the same; others do not matter. */
export function matches(actual: unknown, expected: Record<string, unknown>): void {
  assert.ok(typeof actual === "object" && actual !== null, `expected fields, found ${String(actual)}`);
  for (const [key, value] of Object.entries(expected))
    assert.deepEqual((actual as Record<string, unknown>)[key], value, key);
}

export function lacksKey(actual: object, key: string): void {
  assert.ok(!(key in actual), `${key} is there`);
}

/** Rejects with an error of this class, with this code, or with this in its message. */
export async function rejects(
  promise: Promise<unknown>,
  expected: string | (new (...args: never[]) => Error),
): Promise<void> {
  await assert.rejects(promise, (error: Error & { code?: unknown }) => {
    if (typeof expected !== "string") assert.ok(error instanceof expected, `${error} is no ${expected.name}`);
    else
      assert.ok(error.code === expected || error.message.includes(expected), `${error} is not ${expected}`);
    return true;
  });
}
