/** Leaves of a backup's scripts what one table can need: the other thousands are not taken apart. */

import type { ObjectName } from "../script/object-name.ts";
import { statementEnds } from "../script/statement-ends.ts";
import { type StatementFilter, wantedStatements } from "./filter-statements.ts";
import { closureOf } from "./select-objects.ts";
import { withPartitions } from "./with-partitions.ts";

export interface Scripts {
  preData: string;
  postData: string;
}

/** Statements that are looked at whatever is wanted: what has no name of its own in them, makes something wanted, or is for what follows. */
const ALWAYS = ["SCHEMA", "EXTENSION", "ATTACH PARTITION", "SET default_table"];
/** When more than this share may be needed, all are looked at. */
const MOST = 1 / 4;

/**
 * Scripts with a closure (see closureOf) of `wanted` that is that of all. A statement belongs to an object only when it has the object's name
 * in it, as pg_dump writes it.
 */
export function narrowScripts(
  scripts: Scripts,
  wanted: ReadonlySet<string>,
  filter: StatementFilter,
  exists: (name: ObjectName) => boolean,
): Scripts {
  const before = partsOf(scripts.preData);
  const after = partsOf(scripts.postData);
  const searched = new Set<string>();
  let names = [...ALWAYS, ...[...wanted].map(written)];
  for (;;) {
    for (const name of names) searched.add(name);
    before.take(names);
    after.take(names);
    if (before.taken + after.taken > (before.count + after.count) * MOST) return scripts;
    const narrow = { preData: before.text(), postData: after.text() };
    const preData = wantedStatements(narrow.preData, filter);
    const postData = wantedStatements(narrow.postData, filter);
    const keys = withPartitions(wanted, preData);
    const { made, unknown } = closureOf({ keys, schema: null }, preData, postData, exists);
    const found = [...keys, ...made, ...unknown.map(({ schema, name }) => `${schema}\0${name}`)];
    names = [...new Set(found.map(written))].filter((name) => !searched.has(name));
    if (names.length === 0) return narrow;
  }
}

/** The name of a key as statements write it, without the quotes around it. */
function written(key: string): string {
  return key.slice(key.indexOf("\0") + 1).replaceAll('"', '""');
}

/** What means something in a regular expression. */
const SYNTAX = /[\\^$.*+?()[\]{}|/]/g;

interface Parts {
  count: number;
  taken: number;
  /** Takes the statements that have one of these texts in them. */
  take(texts: readonly string[]): void;
  /** Those that were taken, in order, and who grants what of them. */
  text(): string;
}

function partsOf(script: string): Parts {
  const ends = statementEnds(script);
  const taken = new Set<number>();
  const grantors = grantorsIn(script, ends);
  const withGrantors = (): number[] => {
    const all = new Set(taken);
    // Taken for the role's name, one of them could stand before what others granted.
    for (const places of grantors) {
      const change = hasBetween(taken, ...places) ? "add" : "delete";
      for (const i of places) all[change](i);
    }
    return [...all];
  };
  return {
    count: ends.length,
    get taken() {
      return taken.size;
    },
    take(texts) {
      // One pass for all: there are many of the first letter of each.
      const any = new RegExp(texts.map((text) => text.replace(SYNTAX, "\\$&")).join("|"), "g");
      for (let found = any.exec(script); found !== null; found = any.exec(script)) {
        const i = firstEndingAfter(ends, found.index);
        if (i === ends.length) return;
        const isInside = ends[i]!.from <= found.index;
        if (isInside) taken.add(i);
        any.lastIndex = isInside ? ends[i]!.end : found.index + 1;
      }
    },
    text: () =>
      withGrantors()
        .sort((a, b) => a - b)
        .map((i) => script.slice(ends[i]!.from, ends[i]!.end))
        .join("\n"),
  };
}

const GRANTOR = "SET SESSION AUTHORIZATION";

/** Places of SET SESSION AUTHORIZATION and of the RESET that follows what the role grants. */
function grantorsIn(script: string, ends: readonly { from: number }[]): [number, number][] {
  const places: [number, number][] = [];
  if (!script.includes(GRANTOR)) return places;
  let set = -1;
  for (const [i, { from }] of ends.entries()) {
    if (script.startsWith(GRANTOR, from)) set = i;
    else if (set >= 0 && script.startsWith(`RE${GRANTOR}`, from)) {
      places.push([set, i]);
      set = -1;
    }
  }
  return places;
}

function hasBetween(numbers: ReadonlySet<number>, low: number, high: number): boolean {
  for (let i = low + 1; i < high; i++) if (numbers.has(i)) return true;
  return false;
}

function firstEndingAfter(ends: readonly { end: number }[], at: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]!.end > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
