/** The names under which records are stored: they tell nothing of the content to who does not have the name key. */
import { KIND_BYTE, type RecordKind } from "@datadb/protocol";
import { namesModule } from "./names-module.ts";

/** What assembly/stored-names.ts exports. */
interface Exports {
  room(): number;
  capacity(): number;
  setKey(): void;
  hash(kind: number, length: number, count: number): void;
}

/** A key for maps: kind and name as text. */
export function idOf(kind: RecordKind, name: Buffer): string {
  return String.fromCharCode(KIND_BYTE[kind]) + name.toString("latin1");
}

/** HMAC-SHA-256 of kind byte and name, cut to the length of the store's names. */
export interface StoredNames {
  of(kind: RecordKind, name: Buffer): Buffer;
  /** Several, in order: views of one piece of memory. */
  all(kind: RecordKind, names: readonly Buffer[]): Buffer[];
}

/** `nameKey` has 32 bytes, names have `nameLength`, 20 or 32: with the kind they fit into one block. */
export function createStoredNames(nameKey: Buffer, nameLength: number): StoredNames {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const wasm = new WebAssembly.Instance(namesModule(), { env: { memory } }).exports as Exports;
  const capacity = wasm.capacity();
  const room = Buffer.from(memory.buffer, wasm.room(), capacity * nameLength);
  room.set(nameKey);
  wasm.setKey();

  /** Writes the stored names of those from `from` on, as many as there is room for, to `target`. */
  const write = (kind: RecordKind, names: readonly Buffer[], from: number, target: Buffer): void => {
    const count = Math.min(capacity, names.length - from);
    for (let at = 0; at < count; at++) {
      const name = names[from + at]!;
      if (name.length !== nameLength)
        throw new TypeError(`a name has ${nameLength} bytes, not ${name.length}`);
      room.set(name, at * nameLength);
    }
    wasm.hash(KIND_BYTE[kind], nameLength, count);
    room.copy(target, from * nameLength, 0, count * nameLength);
  };
  const all: StoredNames["all"] = (kind, names) => {
    const slab = Buffer.allocUnsafe(names.length * nameLength);
    for (let from = 0; from < names.length; from += capacity) write(kind, names, from, slab);
    const stored: Buffer[] = [];
    for (let at = 0; at < slab.length; at += nameLength) stored.push(slab.subarray(at, at + nameLength));
    return stored;
  };
  return { of: (kind, name) => all(kind, [name])[0]!, all };
}
