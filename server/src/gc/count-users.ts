/** Counts who needs the bases that nothing but deltas needs. */
import type { FrozenIndex } from "../blobs/name-index.ts";
import type { GcCycle } from "./gc-cycle.ts";

/**
 * Notes for each base of data that is not marked whether one blob that stays needs it, or several; bases that are needed are users
 * themselves. Counted when everything else is marked; counts say what is worth while, not what may go. Resolves with the number of bases.
 */
export async function countUsers(cycle: GcCycle, index: FrozenIndex, signal?: AbortSignal): Promise<number> {
  const { data } = cycle.tables;
  if (data.flags === 0) return 0;
  let bases = 0;
  for await (const page of index.records("data")) {
    signal?.throwIfAborted();
    for (const { name, base } of page) {
      if (base === null || !data.marked(name)) continue;
      // From its second use on a base's own base is counted already.
      for (let next: Buffer | null = base; next !== null && !data.marked(next) && data.use(next); ) {
        bases += 1;
        next = index.facts("data", next)?.base ?? null;
      }
    }
  }
  return bases;
}
