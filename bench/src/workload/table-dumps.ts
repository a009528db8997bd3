/** Dumps of a shop's tables, day after day: 1 % more rows, recent ones updated, few edits and deletes anywhere. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Random, randomOf } from "./random.ts";
import { rowOf, TABLES, type Table } from "./tables.ts";

const SCATTERED_EDITS = 300;
const DELETES = 200;
/** Deletes come in runs: the old orders of one customer, an expired batch. */
const DELETED_RUN = 20;
const APPENDED = 0.01;
/** Characters joined before a write: large enough that writes cost nothing. */
const WRITE_CHARACTERS = 1 << 20;
const DELETED = 255;

export interface DumpDays {
  first: string;
  next: string;
}

/** The tables, which begin on the first day. */
interface TableHistory {
  /** 1 on the first day. */
  readonly day: number;
  /** Writes a dump of each table as it is now. */
  write(directory: string): void;
  /** What happens in a day. */
  nextDay(): void;
}

/** What is known of one table's rows. */
interface State {
  table: Table;
  number: number;
  /** The last row's id. */
  last: number;
  /** By id: the day of the last update, 0 for none, DELETED. */
  versions: Uint8Array;
}

/** Writes the first two days as `day1` and `day2` below the directory; `scale` 1 is the full size, 0.01 a hundredth of the rows. */
export function writeTableDumps(directory: string, scale: number): DumpDays {
  const days = { first: join(directory, "day1"), next: join(directory, "day2") };
  const history = tableHistory(scale);
  history.write(days.first);
  history.nextDay();
  history.write(days.next);
  return days;
}

/** 6.3 million rows at scale 1. For at most 250 days. */
export function tableHistory(scale: number): TableHistory {
  const scaled = TABLES.map((table) => ({ ...table, rows: Math.ceil(table.rows * scale) }));
  const all = scaled.reduce((sum, table) => sum + table.rows, 0);
  const states = scaled.map((table, number): State => {
    return { table, number, last: table.rows, versions: new Uint8Array(table.rows * 4) };
  });
  let day = 1;
  return {
    get day() {
      return day;
    },
    write(directory) {
      mkdirSync(directory, { recursive: true });
      for (const state of states) writeTable(join(directory, `${state.table.name}.copy`), state);
    },
    nextDay() {
      for (const state of states) advance(state, day, state.table.rows / all);
      day++;
    },
  };
}

/** Changes fall on tables by their rows: `share` of all are in this one. */
function advance(state: State, day: number, share: number): void {
  const { table, versions, last } = state;
  const random = randomOf(state.number, day - 1, 99);
  const set = (id: number, version: number): void => {
    if (versions[id] !== DELETED) versions[id] = version;
  };
  for (let id = last - Math.round(table.rows * table.updated) + 1; id <= last; id++) {
    if ((id + day) % 4 !== 0) set(id, day);
  }
  for (const id of places(random, SCATTERED_EDITS * share, 1, last)) set(id, day);
  for (const id of places(random, DELETES * share, DELETED_RUN, last)) set(id, DELETED);
  state.last = last + Math.round(table.rows * APPENDED);
}

/** So many ids, in runs. */
function places(random: Random, count: number, run: number, last: number): number[] {
  const starts = Array.from({ length: Math.round(count / run) }, () => random.integer(last - run));
  return starts.flatMap((start) => Array.from({ length: run }, (_, i) => 1 + start + i));
}

function writeTable(path: string, { table, number, last, versions }: State): void {
  const file = openSync(path, "w");
  let text = "";
  for (let id = 1; id <= last; id++) {
    const version = versions[id] as number;
    if (version === DELETED) continue;
    text += rowOf(table, number, id, version);
    if (text.length >= WRITE_CHARACTERS) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}
