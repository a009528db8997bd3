/** Finds what retrieves cold data in a composition of backends. */
import type { Backend } from "./backend.ts";
import type { ColdStorage } from "./cold-storage.ts";

/** Wrappers that know best what is cold within: records have other names there, or are somewhere else as well. */
const SPEAK_FOR_ALL: ReadonlySet<string> = new Set(["encrypt", "mirror"]);

/** Undefined when nothing is cold. Names are those that `backend` itself is asked by. */
export function coldIn(backend: Backend): ColdStorage | undefined {
  if (backend.cold !== undefined) return backend.cold;
  if (SPEAK_FOR_ALL.has(backend.type)) return undefined;
  for (const inner of backend.inner) {
    const found = coldIn(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
