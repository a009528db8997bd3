/** Blobs whose put has begun and not ended: they count as there, and whoever relies on one waits for its end. */
import type { BlobKind } from "../database.ts";

/** Names on their way, by kind. */
export interface InFlight {
  has(kind: BlobKind, name: Buffer): boolean;
  /** The end of the put of a name, if there is one: rejects when it failed. */
  end(kind: BlobKind, name: Buffer): Promise<void> | undefined;
  /** Registers names until `work` ends; names that are registered already stay with their first put. */
  during(names: readonly { kind: BlobKind; name: Buffer }[], work: Promise<void>): void;
}

export function createInFlight(): InFlight {
  const ends: Record<BlobKind, Map<string, Promise<void>>> = { data: new Map(), node: new Map() };
  return {
    has: (kind, name) => ends[kind].size > 0 && ends[kind].has(name.toString("latin1")),
    end: (kind, name) => (ends[kind].size > 0 ? ends[kind].get(name.toString("latin1")) : undefined),
    during(names, work) {
      const own: { map: Map<string, Promise<void>>; id: string }[] = [];
      for (const { kind, name } of names) {
        const map = ends[kind];
        const id = name.toString("latin1");
        if (map.has(id)) continue;
        map.set(id, work);
        own.push({ map, id });
      }
      const forget = (): void => {
        for (const { map, id } of own) map.delete(id);
      };
      work.then(forget, forget);
    },
  };
}
