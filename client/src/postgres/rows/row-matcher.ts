/** Finds rows of one side again on the other, wherever they are. */
import { fieldsOf } from "./row-fields.ts";

export interface RowChanges {
  inserted: number;
  updated: number;
  deleted: number;
}

/** Rows without a counterpart that are held; of more, the oldest are taken for what they seem to be. */
const MOST_HELD = 1 << 20;

/** A row without a counterpart yet; without a key the same row may be there several times. */
interface Held {
  row: string;
  count: number;
}

export class RowMatcher {
  private readonly fields: readonly number[] | null;
  private readonly old = new Map<string, Held>();
  private readonly fresh = new Map<string, Held>();
  private readonly counts: RowChanges = { inserted: 0, updated: 0, deleted: 0 };

  constructor(fields: readonly number[] | null) {
    this.fields = fields;
  }

  /** A row of the older side. */
  gone(row: string): void {
    this.counts.deleted += this.match(row, this.fresh, this.old);
  }

  /** A row of the newer side. */
  come(row: string): void {
    this.counts.inserted += this.match(row, this.old, this.fresh);
  }

  /** A row of both sides that is not the same. */
  updated(): void {
    this.counts.updated++;
  }

  finish(): RowChanges {
    for (const { count } of this.old.values()) this.counts.deleted += count;
    for (const { count } of this.fresh.values()) this.counts.inserted += count;
    return this.counts;
  }

  /** How many rows of the same side had to be given up for this one. */
  private match(row: string, others: Map<string, Held>, own: Map<string, Held>): number {
    const key = this.fields === null ? row : fieldsOf(row, this.fields);
    const other = others.get(key);
    if (other !== undefined) {
      if (--other.count === 0) others.delete(key);
      if (other.row !== row) this.counts.updated++;
      return 0;
    }
    const held = own.get(key);
    if (held === undefined) own.set(key, { row, count: 1 });
    else held.count++;
    if (own.size <= MOST_HELD) return 0;
    const [oldest, { count }] = own.entries().next().value!;
    own.delete(oldest);
    return count;
  }
}
