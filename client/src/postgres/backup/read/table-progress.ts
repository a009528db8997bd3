/** Which tables are locked by those who read them, or read: locks are given back in the order in which tables are begun. */

export interface TableProgress {
  /** A range of the table is being read by a session that has its own lock, or is done. */
  rangeLocked(table: number): void;
  /** The table has so many ranges. */
  planned(table: number, ranges: number): void;
  /** Tables before this index need no lock of the holder. */
  readonly releasable: number;
}

export function tableProgress(): TableProgress {
  const left = new Map<number, number>();
  let releasable = 0;
  return {
    planned(table, ranges) {
      left.set(table, ranges);
    },
    rangeLocked(table) {
      left.set(table, left.get(table)! - 1);
      while (left.get(releasable) === 0) left.delete(releasable++);
    },
    get releasable() {
      return releasable;
    },
  };
}
