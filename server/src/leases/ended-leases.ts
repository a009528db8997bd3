/**
 * Leases that were given back, until local/ has forgotten them: a full disk may refuse to, and whoever makes room must not be hindered
 * by what nobody needs.
 */
import type { Level } from "../keyspace/open-level.ts";
import { removeLease } from "./stored-leases.ts";

export interface EndedLeases {
  add(id: Buffer): void;
  has(id: Buffer): boolean;
  /** Has local/ forget them all. Errors: DISK_FULL; what is left is tried again the next time. */
  remove(): Promise<void>;
}

export function createEndedLeases(local: Level): EndedLeases {
  const ended = new Map<string, Buffer>();
  return {
    add: (id) => void ended.set(id.toString("latin1"), id),
    has: (id) => ended.has(id.toString("latin1")),
    async remove() {
      for (const [key, id] of ended) {
        await removeLease(local, id);
        ended.delete(key);
      }
    },
  };
}
