/** Writes the dumps of two days: 6.3 million rows, then 1 % more, recent ones updated, few edits and deletes anywhere. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { randomOf } from "./random.ts";
import { rowOf, TABLES, type Table } from "./tables.ts";

const SCATTERED_EDITS = 300;
const DELETES = 200;
/** Deletes come in runs: the old orders of one customer, an expired batch. */
const DELETED_RUN = 20;
const APPENDED = 0.01;
/** Characters joined before a write: large enough that writes cost nothing. */
const WRITE_CHARACTERS = 1 << 20;

export interface DumpDays {
  first: string;
  next: string;
}

/** Writes `day1` and `day2` below the directory; `scale` 1 is the full size, 0.01 a hundredth of the rows. */
export function writeTableDumps(directory: string, scale: number): DumpDays {
  const days = { first: join(directory, "day1"), next: join(directory, "day2") };
  for (const day of [days.first, days.next]) mkdirSync(day, { recursive: true });
  const scaled = TABLES.map((table) => ({ ...table, rows: Math.ceil(table.rows * scale) }));
  const all = scaled.reduce((sum, table) => sum + table.rows, 0);
  scaled.forEach((table, number) => {
    writeDay(join(days.first, `${table.name}.copy`), table, number, {
      edited: new Set(),
      deleted: new Set(),
      last: table.rows,
      recent: Infinity,
    });
    // Changes fall on tables by their rows.
    const random = randomOf(number, 0, 99);
    const some = (count: number, run: number): Set<number> => {
      const starts = Array.from({ length: Math.round((count * table.rows) / all / run) }, () =>
        random.integer(table.rows - run),
      );
      return new Set(starts.flatMap((start) => Array.from({ length: run }, (_, i) => 1 + start + i)));
    };
    writeDay(join(days.next, `${table.name}.copy`), table, number, {
      edited: some(SCATTERED_EDITS, 1),
      deleted: some(DELETES, DELETED_RUN),
      last: Math.round(table.rows * (1 + APPENDED)),
      recent: Math.round(table.rows * (1 - table.updated)),
    });
  });
  return days;
}

interface DayOfTable {
  edited: ReadonlySet<number>;
  deleted: ReadonlySet<number>;
  /** The last row's id. */
  last: number;
  /** Rows of the first day beyond this id have a new version, three of four. */
  recent: number;
}

function writeDay(path: string, table: Table, number: number, day: DayOfTable): void {
  const file = openSync(path, "w");
  let text = "";
  for (let id = 1; id <= day.last; id++) {
    if (day.deleted.has(id)) continue;
    const updated = id > day.recent && id <= table.rows && id % 4 !== 0;
    text += rowOf(table, number, id, updated || day.edited.has(id) ? 1 : 0);
    if (text.length >= WRITE_CHARACTERS) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}
