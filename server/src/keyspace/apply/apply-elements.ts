/** Sets and lists: each element has its own LevelDB key, the header counts them. */
import { encodeIndex, type Operation } from "@datadb/protocol";
import { countHeader, countOf, expectType } from "../header.ts";
import type { WritableView } from "../overlay-view.ts";

type Of<Name extends Operation["op"]> = Extract<Operation, { op: Name }>;

const NOTHING = Buffer.alloc(0);

function setCount(
  view: WritableView,
  database: Buffer,
  key: Buffer,
  type: "set" | "list",
  count: number,
): void {
  view.setHeader(database, key, count === 0 ? null : countHeader(type, count));
}

/** The number of members that are new. Throws WRONGTYPE. */
export function applySadd(view: WritableView, { database, key, members }: Of<"sadd">): number {
  const header = expectType(view.header(database, key), "set");
  let added = 0;
  for (const member of members) {
    if (view.element(database, key, member) !== undefined) continue;
    view.setElement(database, key, member, NOTHING);
    added += 1;
  }
  if (added > 0) setCount(view, database, key, "set", countOf(header) + added);
  return added;
}

/** The number of indexes that are new; those that are there get the new value. Throws WRONGTYPE. */
export function applyLadd(view: WritableView, { database, key, entries }: Of<"ladd">): number {
  const header = expectType(view.header(database, key), "list");
  let added = 0;
  for (const [index, value] of entries) {
    const element = encodeIndex(index);
    if (view.element(database, key, element) === undefined) added += 1;
    view.setElement(database, key, element, value);
  }
  if (added > 0) setCount(view, database, key, "list", countOf(header) + added);
  return added;
}

function removeAll(
  view: WritableView,
  database: Buffer,
  key: Buffer,
  type: "set" | "list",
  elements: readonly Buffer[],
): number {
  const header = expectType(view.header(database, key), type);
  if (header === undefined) return 0;
  let removed = 0;
  for (const element of elements) {
    if (view.element(database, key, element) === undefined) continue;
    view.setElement(database, key, element, null);
    removed += 1;
  }
  if (removed > 0) setCount(view, database, key, type, countOf(header) - removed);
  return removed;
}

/** The number of members that were there. Throws WRONGTYPE. */
export function applySrem(view: WritableView, { database, key, members }: Of<"srem">): number {
  return removeAll(view, database, key, "set", members);
}

/** The number of indexes that were there. Throws WRONGTYPE. */
export function applyLdel(view: WritableView, { database, key, indexes }: Of<"ldel">): number {
  return removeAll(view, database, key, "list", indexes.map(encodeIndex));
}
