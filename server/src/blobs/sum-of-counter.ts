/** Counters of a composition of backends. */
import type { Backend } from "@datadb/backends";

/** The sum of a counter over a backend and all that it wraps. */
export function sumOfCounter(backend: Backend, counter: string): number {
  const own = backend.counters()[counter] ?? 0;
  return backend.inner.reduce((sum, inner) => sum + sumOfCounter(inner, counter), own);
}
