/** The hash of a row's key: where chunks end depends on it alone, never on the rest of the row. */

const TAB = 9;
const LINE_FEED = 10;

/** What of a row without a key is hashed: its beginning and its end. */
const EDGE_BYTES = 64;

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** Hashes the row that lies at [from, to) of `view`: an integer of 32 bits. */
export type KeyHash = (view: Buffer, from: number, to: number) => number;

/**
 * For rows of COPY's text or binary format. `fields`: indexes of the key's fields in a row, ascending; null for a table
 * without key, whose rows are hashed themselves. Permanent: another hash would cut every table anew.
 */
export function keyHash(fields: readonly number[] | null, format: "text" | "binary"): KeyHash {
  if (fields === null) return edgesHash;
  if (format === "binary") return binaryHash(new Set(fields), fields.at(-1)!);
  if (fields.length === 1 && fields[0] === 0) return firstFieldHash;
  return textHash(new Set(fields), fields.at(-1)!);
}

/** Spreads every bit of the input over the result: keys that count up differ in few bits. */
function mixed(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function firstFieldHash(view: Buffer, from: number, to: number): number {
  let h = OFFSET;
  for (let i = from; i < to; i++) {
    const byte = view[i]!;
    if (byte === TAB || byte === LINE_FEED) break;
    h = Math.imul(h ^ byte, PRIME);
  }
  return mixed(h);
}

function textHash(fields: ReadonlySet<number>, last: number): KeyHash {
  return (view, from, to) => {
    let h = OFFSET;
    let field = 0;
    let inKey = fields.has(0);
    for (let i = from; i < to; i++) {
      const byte = view[i]!;
      if (byte !== TAB && byte !== LINE_FEED) {
        if (inKey) h = Math.imul(h ^ byte, PRIME);
        continue;
      }
      // One separator, whatever follows: a row of key fields alone has the same hash.
      if (inKey) h = Math.imul(h ^ TAB, PRIME);
      if (byte === LINE_FEED || ++field > last) break;
      inKey = fields.has(field);
    }
    return mixed(h);
  };
}

function binaryHash(fields: ReadonlySet<number>, last: number): KeyHash {
  return (view, from, to) => {
    let h = OFFSET;
    let at = from + 2;
    for (let field = 0; field <= last && at + 4 <= to; field++) {
      const end = Math.min(to, at + 4 + Math.max(0, view.readInt32BE(at)));
      if (fields.has(field)) for (let i = at; i < end; i++) h = Math.imul(h ^ view[i]!, PRIME);
      at = end;
    }
    return mixed(h);
  };
}

function edgesHash(view: Buffer, from: number, to: number): number {
  let h = OFFSET;
  const head = Math.min(to, from + EDGE_BYTES);
  for (let i = from; i < head; i++) h = Math.imul(h ^ view[i]!, PRIME);
  for (let i = Math.max(head, to - EDGE_BYTES); i < to; i++) h = Math.imul(h ^ view[i]!, PRIME);
  return mixed(h ^ (to - from));
}
