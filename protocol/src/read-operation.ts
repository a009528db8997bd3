/** Reads operations of the log; the other direction is in operation.ts. */
import { ByteReader } from "./byte-reader.ts";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import { decodeIndex, OPCODE, type Operation } from "./operation.ts";

const NAMES = new Map(Object.entries(OPCODE).map(([name, code]) => [code, name as Operation["op"]]));

/** Arguments that must be there, and how many come at a time after them (0: none may follow). */
const SHAPE: Readonly<Record<Operation["op"], readonly [least: number, step: number]>> = {
  set: [3, 0],
  del: [2, 0],
  hset: [2, 2],
  hdel: [2, 1],
  sadd: [2, 1],
  srem: [2, 1],
  ladd: [2, 2],
  ldel: [2, 1],
  backup: [4, 2],
  forget: [1, 0],
  pin: [1, 0],
  unpin: [1, 0],
  tag: [2, 0],
  mark: [2, 0],
  checkpoint: [2, 0],
};

/** The next operation; its buffers are views. Throws DECODE, or FORMAT_TOO_NEW for an opcode it does not know. */
export function readOperation(reader: ByteReader): Operation {
  const code = reader.u8();
  const op = NAMES.get(code);
  if (op === undefined) throw new FormatTooNewError(`the log has an operation number ${code}`);
  const count = reader.varint();
  const [least, step] = SHAPE[op];
  const fits = step === 0 ? count === least : count >= least && (count - least) % step === 0;
  if (!fits || count > reader.remaining) throw new DecodeError(`${op} cannot have ${count} arguments`);
  const operands: Buffer[] = [];
  for (let i = 0; i < count; i++) operands.push(reader.bytes());
  return operationOf(op, operands);
}

function pairs(operands: readonly Buffer[], from: number): [Buffer, Buffer][] {
  const out: [Buffer, Buffer][] = [];
  for (let i = from; i < operands.length; i += 2)
    out.push([operands[i] as Buffer, operands[i + 1] as Buffer]);
  return out;
}

function operationOf(op: Operation["op"], operands: readonly Buffer[]): Operation {
  const [first, second, third, fourth] = operands as [Buffer, Buffer, Buffer, Buffer];
  const key = { database: first, key: second };
  const rest = operands.slice(2);
  switch (op) {
    case "set":
      return { op, ...key, value: third };
    case "del":
      return { op, ...key };
    case "hset":
      return { op, ...key, entries: pairs(operands, 2) };
    case "hdel":
      return { op, ...key, fields: rest };
    case "sadd":
    case "srem":
      return { op, ...key, members: rest };
    case "ladd":
      return { op, ...key, entries: pairs(operands, 2).map(([index, value]) => [decodeIndex(index), value]) };
    case "ldel":
      return { op, ...key, indexes: rest.map(decodeIndex) };
    case "backup":
      return {
        op,
        host: first,
        path: second,
        timestamp: third.toString(),
        ref: fourth,
        fields: pairs(operands, 4),
      };
    case "forget":
    case "pin":
    case "unpin":
      return { op, backup: first };
    case "tag":
      return { op, backup: first, tags: second };
    case "mark":
      return { op, backup: first, lost: second };
    case "checkpoint":
      return { op, sequence: wholeVarint(first), root: second.length === 0 ? null : second };
  }
}

function wholeVarint(bytes: Buffer): number {
  const reader = new ByteReader(bytes);
  const value = reader.varint();
  if (!reader.done) throw new DecodeError("bytes after a number");
  return value;
}
