/** What commits are made of. Opcodes and the order of arguments are permanent. */
import { ByteWriter } from "./byte-writer.ts";
import { DecodeError } from "./errors.ts";

type Key = { database: Buffer; key: Buffer };

/** One logged change. Ids and nodes are names of n bytes, not hex. */
export type Operation =
  | ({ op: "set"; value: Buffer } & Key)
  | ({ op: "del" } & Key)
  | ({ op: "hset"; entries: readonly (readonly [field: Buffer, value: Buffer])[] } & Key)
  | ({ op: "hdel"; fields: readonly Buffer[] } & Key)
  | ({ op: "sadd"; members: readonly Buffer[] } & Key)
  | ({ op: "srem"; members: readonly Buffer[] } & Key)
  | ({ op: "ladd"; entries: readonly (readonly [index: bigint, value: Buffer])[] } & Key)
  | ({ op: "ldel"; indexes: readonly bigint[] } & Key)
  | BackupOperation
  | { op: "forget"; backup: Buffer }
  | { op: "pin"; backup: Buffer }
  | { op: "unpin"; backup: Buffer }
  /** `tags`: a JSON array of texts. */
  | { op: "tag"; backup: Buffer; tags: Buffer }
  /** `lost`: what of the backup is lost, a JSON array of paths; an empty array when nothing is any more. */
  | { op: "mark"; backup: Buffer; lost: Buffer }
  /** `sequence`: the state that the tree holds. `root`: null for an empty keyspace. */
  | { op: "checkpoint"; sequence: number; root: Buffer | null };

/** A backup becomes listed. */
export interface BackupOperation {
  op: "backup";
  host: Buffer;
  path: Buffer;
  /** RFC 3339 in UTC with milliseconds. */
  timestamp: string;
  /** Name of the root meta (a node). */
  ref: Buffer;
  fields: readonly (readonly [field: Buffer, value: Buffer])[];
}

/** Permanent. */
export const OPCODE: Readonly<Record<Operation["op"], number>> = {
  set: 1,
  del: 2,
  hset: 3,
  hdel: 4,
  sadd: 5,
  srem: 6,
  ladd: 7,
  ldel: 8,
  backup: 16,
  forget: 17,
  pin: 18,
  unpin: 19,
  tag: 20,
  mark: 21,
  checkpoint: 32,
};

/** A list index as 8 bytes big-endian, so that indexes sort as bytes do. */
export function encodeIndex(index: bigint): Buffer {
  const out = Buffer.allocUnsafe(8);
  out.writeBigUInt64BE(index);
  return out;
}

/** The index that encodeIndex wrote. Throws DECODE. */
export function decodeIndex(bytes: Buffer): bigint {
  if (bytes.length !== 8) throw new DecodeError(`a list index has 8 bytes, not ${bytes.length}`);
  return bytes.readBigUInt64BE(0);
}

/** The arguments of an operation, in their permanent order. */
function argumentsOf(operation: Operation): (Buffer | string)[] {
  switch (operation.op) {
    case "set":
      return [operation.database, operation.key, operation.value];
    case "del":
      return [operation.database, operation.key];
    case "hset":
      return [operation.database, operation.key, ...operation.entries.flat()];
    case "hdel":
      return [operation.database, operation.key, ...operation.fields];
    case "sadd":
    case "srem":
      return [operation.database, operation.key, ...operation.members];
    case "ladd":
      return [
        operation.database,
        operation.key,
        ...operation.entries.flatMap(([i, value]) => [encodeIndex(i), value]),
      ];
    case "ldel":
      return [operation.database, operation.key, ...operation.indexes.map(encodeIndex)];
    case "backup":
      return [operation.host, operation.path, operation.timestamp, operation.ref, ...operation.fields.flat()];
    case "forget":
    case "pin":
    case "unpin":
      return [operation.backup];
    case "tag":
      return [operation.backup, operation.tags];
    case "mark":
      return [operation.backup, operation.lost];
    case "checkpoint": {
      const sequence = new ByteWriter(10);
      sequence.varint(operation.sequence);
      return [sequence.finish(), operation.root ?? Buffer.alloc(0)];
    }
  }
}

/** Appends an operation: opcode, varint number of arguments, each as `bytes`. */
export function writeOperation(writer: ByteWriter, operation: Operation): void {
  const operands = argumentsOf(operation);
  writer.u8(OPCODE[operation.op]);
  writer.varint(operands.length);
  for (const operand of operands) writer.bytes(operand);
}
