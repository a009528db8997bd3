/** The order in which tables can be filled under their foreign keys, and the keys that must wait for the end. */
import { keyOf, type ObjectName } from "../script/object-name.ts";

export interface ForeignKey {
  name: string;
  from: ObjectName;
  to: ObjectName;
  deferrable: boolean;
}

export interface LoadOrder<Table> {
  tables: Table[];
  /** Keys that point from an earlier table to a later one: they are checked when all rows are there. */
  deferred: ForeignKey[];
}

/**
 * Referred-to tables first. Where tables refer to each other in a circle, the circle is opened at a table whose waiting keys
 * can all be deferred, if there is one. A key of a table to itself is no circle: it is checked when its rows are in.
 */
export function foreignKeyOrder<Table extends ObjectName>(
  tables: readonly Table[],
  foreignKeys: readonly ForeignKey[],
): LoadOrder<Table> {
  const waiting = new Map(tables.map((table) => [keyOf(table), table]));
  const keys = foreignKeys.filter(
    ({ from, to }) => waiting.has(keyOf(from)) && waiting.has(keyOf(to)) && keyOf(from) !== keyOf(to),
  );
  const blockers = new Map<string, ForeignKey[]>();
  for (const key of keys) blockers.set(keyOf(key.from), [...(blockers.get(keyOf(key.from)) ?? []), key]);
  const open = (table: string): ForeignKey[] =>
    (blockers.get(table) ?? []).filter(({ to }) => waiting.has(keyOf(to)));
  const order: LoadOrder<Table> = { tables: [], deferred: [] };
  while (waiting.size > 0) {
    const ready = [...waiting.keys()].filter((table) => open(table).length === 0);
    if (ready.length === 0) {
      const names = [...waiting.keys()];
      const chosen =
        names.find((table) => open(table).every(({ deferrable }) => deferrable)) ?? fewest(names, open);
      order.deferred.push(...open(chosen));
      ready.push(chosen);
    }
    for (const table of ready) {
      order.tables.push(waiting.get(table)!);
      waiting.delete(table);
    }
  }
  return order;
}

function fewest(tables: readonly string[], open: (table: string) => ForeignKey[]): string {
  return tables.reduce((best, table) => (open(table).length < open(best).length ? table : best));
}
