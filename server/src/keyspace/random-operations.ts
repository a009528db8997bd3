/** Random operations on few keys, and what they should do, for model tests. */
import { type Operation, ReplyError } from "@datadb/protocol";

/** What one key is in the model: elements are in Latin-1 text. */
export type ModelValue =
  | { type: "string"; value: string }
  | { type: "hash" | "set" | "list"; elements: Map<string, string> };

/** Database and key, joined by a line feed, to value. */
export type Model = Map<string, ModelValue>;

/** A generator of numbers from 0 (included) to `below`, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const AWKWARD = ["", "\0", "\xff", "\xff\xff", "a", "a\0", "b", "key", "k\n"];

function someBytes(random: (below: number) => number, prefix: string, count: number): Buffer {
  const pick = random(count);
  return Buffer.from(pick < AWKWARD.length ? (AWKWARD[pick] as string) : `${prefix}${pick}`, "latin1");
}

function someValue(random: (below: number) => number): Buffer {
  const kind = random(10);
  if (kind === 0) return Buffer.alloc(0);
  return Buffer.alloc(kind === 1 ? random(9000) : random(20), random(256));
}

function several<T>(random: (below: number) => number, make: () => T): T[] {
  // Now and then so many that a hash is spread.
  const count = random(40) === 0 ? 200 : 1 + random(4);
  return Array.from({ length: count }, make);
}

const DATABASES = ["default", "\xff", "d"].map((name) => Buffer.from(name, "latin1"));

/** One operation on user keys. */
export function randomOperation(random: (below: number) => number): Operation {
  const database = DATABASES[random(DATABASES.length)] as Buffer;
  const key = someBytes(random, "key", 14);
  const element = (): Buffer => someBytes(random, "f", 260);
  const index = (): bigint => (random(5) === 0 ? 2n ** 64n - 1n - BigInt(random(3)) : BigInt(random(40)));
  switch (random(10)) {
    case 0:
    case 1:
      return { op: "set", database, key, value: someValue(random) };
    case 2:
      return { op: "del", database, key };
    case 3:
    case 4:
      return {
        op: "hset",
        database,
        key,
        entries: several(random, () => [element(), someValue(random)] as const),
      };
    case 5:
      return { op: "hdel", database, key, fields: several(random, element) };
    case 6:
      return { op: "sadd", database, key, members: several(random, element) };
    case 7:
      return { op: "srem", database, key, members: several(random, element) };
    case 8:
      return {
        op: "ladd",
        database,
        key,
        entries: several(random, () => [index(), someValue(random)] as const),
      };
    default:
      return { op: "ldel", database, key, indexes: several(random, index) };
  }
}

function elementsOf(model: Model, id: string, type: "hash" | "set" | "list"): Map<string, string> {
  const found = model.get(id);
  if (found === undefined) return new Map();
  if (found.type !== type)
    throw new ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value");
  return found.elements;
}

function store(model: Model, id: string, type: "hash" | "set" | "list", elements: Map<string, string>): void {
  if (elements.size === 0) model.delete(id);
  else model.set(id, { type, elements });
}

function add(
  model: Model,
  id: string,
  type: "hash" | "set" | "list",
  entries: readonly (readonly [string, string])[],
): number {
  const elements = elementsOf(model, id, type);
  const before = elements.size;
  for (const [element, value] of entries) elements.set(element, value);
  store(model, id, type, elements);
  return elements.size - before;
}

function remove(model: Model, id: string, type: "hash" | "set" | "list", names: readonly string[]): number {
  const elements = elementsOf(model, id, type);
  const removed = new Set(names.filter((name) => elements.delete(name))).size;
  store(model, id, type, elements);
  return removed;
}

function text(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/** Applies an operation to the model; returns its result. Throws WRONGTYPE. */
export function applyToModel(model: Model, operation: Operation): number {
  if (!("key" in operation)) throw new TypeError("only operations on keys");
  const id = `${text(operation.database)}\n${text(operation.key)}`;
  switch (operation.op) {
    case "set":
      model.set(id, { type: "string", value: text(operation.value) });
      return 1;
    case "del":
      return model.delete(id) ? 1 : 0;
    case "hset":
      return add(
        model,
        id,
        "hash",
        operation.entries.map(([field, value]) => [text(field), text(value)]),
      );
    case "hdel":
      return remove(model, id, "hash", operation.fields.map(text));
    case "sadd":
      return add(
        model,
        id,
        "set",
        operation.members.map((member) => [text(member), ""]),
      );
    case "srem":
      return remove(model, id, "set", operation.members.map(text));
    case "ladd":
      return add(
        model,
        id,
        "list",
        operation.entries.map(([index, value]) => [String(index), text(value)]),
      );
    case "ldel":
      return remove(model, id, "list", operation.indexes.map(String));
  }
}
