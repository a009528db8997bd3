/** hset and hdel: small hashes are one value, larger ones are spread over elements and never packed again. */
import type { Operation } from "@datadb/protocol";
import type { Entry } from "../../database.ts";
import { countHeader, countOf, expectType, HASH_FORM } from "../header.ts";
import type { WritableView } from "../overlay-view.ts";
import { packedEntries, packHash } from "../packed-hash.ts";

type Of<Name extends Operation["op"]> = Extract<Operation, { op: Name }>;

/** Puts fields into sorted entries; returns how many are new. */
function mergeFields(entries: Entry[], fields: readonly Entry[]): number {
  let added = 0;
  for (const entry of fields) {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle] as Entry)[0].compare(entry[0]) < 0) low = middle + 1;
      else high = middle;
    }
    const there = entries[low];
    const same = there?.[0].equals(entry[0]) ?? false;
    entries.splice(low, same ? 1 : 0, entry);
    if (!same) added += 1;
  }
  return added;
}

function setSpread(view: WritableView, { database, key, entries }: Of<"hset">, header: Buffer): number {
  let added = 0;
  for (const [field, value] of entries) {
    if (view.element(database, key, field) === undefined) added += 1;
    view.setElement(database, key, field, value);
  }
  if (added > 0) view.setHeader(database, key, countHeader("hash", countOf(header) + added));
  return added;
}

/** The number of fields that are new. Throws WRONGTYPE. */
export function applyHset(view: WritableView, operation: Of<"hset">): number {
  const { database, key } = operation;
  const header = expectType(view.header(database, key), "hash");
  if (header !== undefined && header[1] === HASH_FORM.spread) return setSpread(view, operation, header);
  if (operation.entries.length === 0) return 0;
  const entries = header === undefined ? [] : packedEntries(header);
  const added = mergeFields(entries, operation.entries);
  const packed = packHash(entries);
  if (packed !== null) {
    view.setHeader(database, key, packed);
  } else {
    for (const [field, value] of entries) view.setElement(database, key, field, value);
    view.setHeader(database, key, countHeader("hash", entries.length));
  }
  return added;
}

/** The number of fields that were there; the last one takes the key with it. Throws WRONGTYPE. */
export function applyHdel(view: WritableView, { database, key, fields }: Of<"hdel">): number {
  const header = expectType(view.header(database, key), "hash");
  if (header === undefined) return 0;
  let removed = 0;
  if (header[1] === HASH_FORM.spread) {
    for (const field of fields) {
      if (view.element(database, key, field) === undefined) continue;
      view.setElement(database, key, field, null);
      removed += 1;
    }
    const left = countOf(header) - removed;
    if (removed > 0) view.setHeader(database, key, left === 0 ? null : countHeader("hash", left));
    return removed;
  }
  const entries = packedEntries(header);
  const left = entries.filter(([field]) => !fields.some((gone) => gone.equals(field)));
  removed = entries.length - left.length;
  if (removed > 0) view.setHeader(database, key, left.length === 0 ? null : packHash(left));
  return removed;
}
