/** Decoded nodes in memory, bounded in bytes: trees are walked again and again from their roots. */

/** Two generations of at most this many bytes. */
const GENERATION_BYTES: number = 8 * 1024 * 1024;
/** The share of one node, at most. */
const MAX_CONTENT_BYTES: number = 512 * 1024;
const ENTRY_OVERHEAD_BYTES = 200;

export interface ContentCache {
  get(name: Buffer): Buffer | undefined;
  /** Keeps the buffer itself, which must not be a view of something larger. */
  set(name: Buffer, content: Buffer): void;
  delete(name: Buffer): void;
}

export function createContentCache(limit: number = GENERATION_BYTES): ContentCache {
  let young = new Map<string, Buffer>();
  let old = new Map<string, Buffer>();
  let bytes = 0;
  const put = (id: string, content: Buffer): void => {
    const more = content.length + ENTRY_OVERHEAD_BYTES;
    if (bytes + more > limit) {
      old = young;
      young = new Map();
      bytes = 0;
    }
    bytes += more;
    young.set(id, content);
  };
  return {
    get(name) {
      const id = name.toString("latin1");
      const found = young.get(id);
      if (found !== undefined) return found;
      const older = old.get(id);
      if (older !== undefined) put(id, older);
      return older;
    },
    delete(name) {
      const id = name.toString("latin1");
      young.delete(id);
      old.delete(id);
    },
    set(name, content) {
      const id = name.toString("latin1");
      if (content.length <= MAX_CONTENT_BYTES && !young.has(id)) put(id, content);
    },
  };
}
