/** Copies what a transaction keeps, so that a small value does not hold the whole chunk of input that it arrived in. */
import type { KeyOperation } from "./write.ts";

/** A slice of less than half of its memory is copied. */
function own(bytes: Buffer): Buffer {
  return bytes.length * 2 < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes;
}

const ownPair = <First>([first, value]: readonly [First, Buffer]): readonly [First, Buffer] => [
  Buffer.isBuffer(first) ? (own(first) as First & Buffer) : first,
  own(value),
];

export function ownOperation(operation: KeyOperation): KeyOperation {
  const place = { database: own(operation.database), key: own(operation.key) };
  switch (operation.op) {
    case "set":
      return { op: "set", ...place, value: own(operation.value) };
    case "del":
      return { op: "del", ...place };
    case "hset":
      return { op: "hset", ...place, entries: operation.entries.map(ownPair) };
    case "hdel":
      return { op: "hdel", ...place, fields: operation.fields.map(own) };
    case "sadd":
    case "srem":
      return { op: operation.op, ...place, members: operation.members.map(own) };
    case "ladd":
      return { op: "ladd", ...place, entries: operation.entries.map(ownPair) };
    case "ldel":
      return { op: "ldel", ...place, indexes: operation.indexes };
  }
}
