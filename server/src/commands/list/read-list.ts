/** Reads a list, of a key or of a list node. */
import { type ListRange, listRange } from "../../keyspace/index.ts";
import type { Session } from "../../session/session.ts";
import { listEntries } from "../../views/list-entries.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedList } from "../arguments/named.ts";

export type ListItem = readonly [index: bigint, value: Buffer];

/** Items within a range; empty when there is no such list. Rejects with WRONGTYPE. */
export async function readItems(session: Session, key: Buffer, range: ListRange): Promise<ListItem[]> {
  if (!mayBeNamed(session, key)) return listRange(session.view, keyPlace(session, key), key, range);
  const list = await namedList(session, key);
  return list === null ? [] : listEntries(session.server, list, range);
}

/** Values, or indexes and values in turn. */
export function flatItems(items: readonly ListItem[], withIndex: boolean): (string | Buffer)[] {
  return withIndex
    ? items.flatMap(([index, value]) => [String(index), value])
    : items.map(([, value]) => value);
}

/** One item: the value, index and value, or nil. */
export function oneItem(item: ListItem | undefined, withIndex: boolean): (string | Buffer)[] | Buffer | null {
  if (item === undefined) return null;
  return withIndex ? [String(item[0]), item[1]] : item[1];
}
