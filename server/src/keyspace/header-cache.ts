/** Headers in memory, in front of LevelDB, bounded in bytes. */
import { byteId } from "./byte-id.ts";

/** Two generations of at most this many bytes each. */
const GENERATION_BYTES: number = 32 * 1024 * 1024;
/** Larger values are not kept: they would push out too many others. */
const MAX_VALUE_BYTES: number = 64 * 1024;
/** Two Map slots, the key's text and the Buffer object, measured. */
const ENTRY_OVERHEAD_BYTES = 160;
const SLAB_BYTES: number = 256 * 1024;

type Generation = Map<string, Map<string, Buffer | null>>;

/**
 * Values are copied into slabs of the cache, which are dropped with their generation: a cached value never keeps a foreign
 * buffer alive. A value that is used moves to the younger generation.
 */
export class HeaderCache {
  private young: Generation = new Map();
  private old: Generation = new Map();
  private bytes = 0;
  private slab: Buffer = Buffer.alloc(0);
  private used = 0;
  private lastDatabase: Buffer | null = null;
  private lastId = "";
  private readonly limit: number;

  constructor(limit: number = GENERATION_BYTES) {
    this.limit = limit;
  }

  private idOf(database: Buffer): string {
    if (database !== this.lastDatabase) {
      this.lastDatabase = database;
      this.lastId = database.toString("latin1");
    }
    return this.lastId;
  }

  /** The header; null: known to be absent; undefined: not known. */
  get(database: Buffer, key: Buffer): Buffer | null | undefined {
    const databaseId = this.idOf(database);
    const id = byteId(key);
    const found = this.young.get(databaseId)?.get(id);
    if (found !== undefined) return found;
    const older = this.old.get(databaseId)?.get(id);
    if (older !== undefined) this.put(databaseId, id, older);
    return older;
  }

  /** Remembers a header, or null for its absence. `id`: the key's bytes as Latin-1 text. */
  set(database: Buffer, id: string, header: Buffer | null): void {
    const databaseId = this.idOf(database);
    if (header !== null && header.length > MAX_VALUE_BYTES) {
      this.young.get(databaseId)?.delete(id);
      this.old.get(databaseId)?.delete(id);
      return;
    }
    this.put(databaseId, id, header);
  }

  private put(databaseId: string, id: string, header: Buffer | null): void {
    const bytes = id.length + ENTRY_OVERHEAD_BYTES + (header?.length ?? 0);
    if (this.bytes + bytes > this.limit) this.turn();
    this.bytes += bytes;
    let keys = this.young.get(databaseId);
    if (keys === undefined) {
      keys = new Map();
      this.young.set(databaseId, keys);
    }
    keys.set(id, header === null ? null : this.copy(header));
  }

  private turn(): void {
    this.old = this.young;
    this.young = new Map();
    this.bytes = 0;
    this.slab = Buffer.alloc(0);
    this.used = 0;
  }

  private copy(value: Buffer): Buffer {
    if (this.used + value.length > this.slab.length) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.used = 0;
    }
    const start = this.used;
    this.slab.set(value, start);
    this.used += value.length;
    return this.slab.subarray(start, this.used);
  }
}
