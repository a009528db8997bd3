/** Waits for a condition, never for a time. */

/** Resolves with the first value that is not undefined, false or null; throws after the limit, naming what was awaited. */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  limit: number = 30_000 /* milliseconds: far beyond what a busy machine needs */,
): Promise<NonNullable<T>> {
  const end = performance.now() + limit;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`waited ${limit} ms for ${what}; last: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
