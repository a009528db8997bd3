/** Finds what retrieves cold data in a composition of backends. */
import type { Backend, ColdStorage } from "@datadb/backends";

/** Null when nothing is cold. Inside `encrypt` records have other names: what is cold there is not found. */
export function coldIn(backend: Backend): ColdStorage | null {
  if (backend.cold !== undefined) return backend.cold;
  if (backend.type === "encrypt") return null;
  for (const inner of backend.inner) {
    const found = coldIn(inner);
    if (found !== null) return found;
  }
  return null;
}
