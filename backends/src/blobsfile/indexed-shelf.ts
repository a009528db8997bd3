/** What looking into an index needs of a shelf, whatever its packs are made of. */
import type { RecordKind } from "@datadb/protocol";
import { createNameMap, type NameMap } from "../name-map.ts";
import type { RecordIndex } from "../record-index.ts";
import type { IndexChanges } from "./index-changes.ts";
import { distrusted } from "./location.ts";

/** A record that is accepted and not in the index yet. */
export interface IndexedEntry {
  /** The index key. */
  readonly key: Buffer;
  /** The index value; null until the record is in a pack, and so visible. */
  readonly value: Buffer | null;
  /** Removed before a flush: not to be indexed. */
  removed: boolean;
  /** Found to be damaged before a flush that is to point to its copy: not to be trusted there either. */
  distrusted: boolean;
  /** A copy of a record that the index has already: it is to point here. Such entries are never in `pending`. */
  readonly moved: boolean;
  /** An earlier copy of the same record that was not in the index yet either. */
  readonly before?: IndexedEntry | undefined;
}

/** One kind of records. */
export interface IndexedShelf {
  readonly kind: RecordKind;
  readonly place: {
    readonly index: RecordIndex;
    readonly nameLength: number;
    /** For messages. */
    readonly directory: string;
    readonly readOnly: boolean;
  };
  /** Packs whose records from this offset on are gone although the index knows them: not there, and so put anew. */
  readonly lostFrom: ReadonlyMap<number, number>;
  /** Accepted records and those being written. */
  readonly pending: NameMap<IndexedEntry>;
  /** Records that are being moved into another pack, until the index says so. */
  readonly moving: NameMap<IndexedEntry>;
  /** Names whose entries are being changed or removed, as Latin-1 text: see changeEntries. */
  readonly changing: Set<string>;
  /** Told of entries that are changed or removed, where somebody wants to know. */
  readonly changes?: IndexChanges;
  /** A flush that is writing the index. */
  readonly flushing: Promise<void> | null;
}

/** An empty map for entries. */
export function entriesByName<E extends IndexedEntry>(): NameMap<E> {
  return createNameMap<E>(({ key }) => key);
}

/** What the index is to say of an accepted entry. */
export function indexValueOf({ value, distrusted: damaged }: IndexedEntry): Buffer {
  return damaged ? distrusted(value!) : value!;
}

/** The name in its key. */
export function nameOfEntry({ key }: IndexedEntry): Buffer {
  return key.subarray(1);
}

/** An entry has reached the index, or will never do so; another one may have its name by now. */
export function forgetEntry(shelf: IndexedShelf, entry: IndexedEntry): void {
  const entries = entry.moved ? shelf.moving : shelf.pending;
  const name = nameOfEntry(entry);
  if (entries.get(name) === entry) entries.delete(name);
}
