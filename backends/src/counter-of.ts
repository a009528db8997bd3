/** Counters of a composition of backends. */
import type { Backend } from "./backend.ts";

/** The sum of a counter over a backend and all that it wraps. */
export function counterOf(backend: Backend, counter: string): number {
  const own = backend.counters()[counter] ?? 0;
  return backend.inner.reduce((sum, inner) => sum + counterOf(inner, counter), own);
}
