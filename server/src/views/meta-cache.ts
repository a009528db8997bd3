/** Metas by id, as far as somebody has seen them: a meta stands in its directory's node and has no blob of its own. */

export interface MetaCache {
  get(id: Buffer): Buffer | undefined;
  /** Keeps the canonical form; the ones seen longest ago make room. */
  put(id: Buffer, encoded: Buffer): void;
}

/** A directory of 100,000 fits, at about 150 bytes a meta and as much for the map. */
const MAX_METAS = 150_000;

export function createMetaCache(limit: number = MAX_METAS): MetaCache {
  const metas = new Map<string, Buffer>();
  return {
    get: (id) => metas.get(id.toString("latin1")),
    put: (id, encoded) => {
      const key = id.toString("latin1");
      metas.delete(key);
      // A copy: the meta is a view of its whole node.
      metas.set(key, Buffer.from(encoded));
      if (metas.size <= limit) return;
      const [oldest] = metas.keys();
      metas.delete(oldest as string);
    },
  };
}
