/** Records of a namespace that opening found and nobody had been promised, kept in local/ until its store has looked at them. */

import type { RecordIndex } from "@datadb/backends";
import { KIND_BYTE, kindOfByte, type RecordKind } from "@datadb/protocol";

/** Names in one value, and in one answer. */
const PAGE_NAMES = 4096;

export interface RecoveredNames {
  /** Durable when it resolves. */
  add(kind: RecordKind, names: readonly Buffer[]): Promise<void>;
  /** Whether there are any. */
  any(): Promise<boolean>;
  /** One page from `cursor` on (empty: from the beginning), and the next cursor; null behind the last one. */
  page(cursor: Buffer): Promise<{ next: Buffer; kind: RecordKind; names: Buffer } | null>;
  clear(): Promise<void>;
}

const END = Buffer.from([0xff]);

/** Keys are 8 bytes of a number and the kind; values are names. */
export function recoveredNames(index: RecordIndex): RecoveredNames {
  let count: bigint | null = null;

  async function last(): Promise<bigint> {
    let found = -1n;
    for await (const [key] of index.entries(Buffer.alloc(1), END)) found = key.readBigUInt64BE(0);
    return found;
  }

  function keyOf(number: bigint, kind: RecordKind): Buffer {
    const key = Buffer.alloc(9, KIND_BYTE[kind]);
    key.writeBigUInt64BE(number);
    return key;
  }

  return {
    async add(kind, names) {
      let next: bigint = count ?? (await last()) + 1n;
      const puts: [Buffer, Buffer][] = [];
      for (let at = 0; at < names.length; at += PAGE_NAMES)
        puts.push([keyOf(next++, kind), Buffer.concat(names.slice(at, at + PAGE_NAMES))]);
      count = next;
      if (puts.length > 0) await index.write(puts, [], { durable: true });
    },
    async any() {
      for await (const _ of index.entries(Buffer.alloc(1), END)) return true;
      return false;
    },
    async page(cursor) {
      const from = cursor.length === 0 ? Buffer.alloc(1) : cursor;
      for await (const [key, names] of index.entries(from, END)) {
        const next = Buffer.concat([key, Buffer.alloc(1)]);
        return { next, kind: kindOfByte(key[8] as number), names };
      }
      return null;
    },
    async clear() {
      await index.clear();
      count = null;
    },
  };
}
