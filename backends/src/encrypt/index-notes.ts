/** Notes in the index about names that it may be wrong about after a crash, until somebody has looked. */
import { KIND_BYTE, kindOfByte, type RecordKind } from "@datadb/protocol";
import type { RecordIndex } from "../record-index.ts";

/** Second byte of the keys whose first is 0; kinds begin at 1. Permanent. */
const KEY = { complete: 1, change: 2, uncertain: 3, reread: 4 } as const;

/** What a note is about: names that may be absent though the index has them; stored names whose records are to be opened. */
type NoteType = "uncertain" | "reread";

/** One note. */
export interface Note {
  readonly type: NoteType;
  readonly key: Buffer;
  readonly kind: RecordKind;
  /** Views of the note. */
  names(): Buffer[];
}

export interface IndexNotes {
  /** A new note as an entry to be written, in order of their making. */
  make(type: NoteType, kind: RecordKind, names: readonly Buffer[]): [Note, [Buffer, Buffer]];
  /** Those that are there, oldest first. */
  read(type: NoteType): AsyncIterable<Note>;
  /** The note is not needed any more: it goes with the next write. */
  drop(key: Buffer): void;
  /** The keys that were dropped since the last call. */
  takeDropped(): Buffer[];
  /** All that is to be remembered was: the index has every record. */
  isComplete(): boolean;
  completeEntry(): [Buffer, Buffer];
  readonly completeKey: Buffer;
  /** The last change of keys that is known, 0 for none. */
  change(): number;
  changeEntry(change: number): [Buffer, Buffer];
}

function numberKey(byte: number, number: number): Buffer {
  const key = Buffer.from([0, byte, 0, 0, 0, 0]);
  key.writeUInt32BE(number, 2);
  return key;
}

function noteOf(type: NoteType, key: Buffer, value: Buffer, nameLength: number): Note {
  return {
    type,
    key,
    kind: kindOfByte(value[0]!),
    names() {
      const count = Math.floor((value.length - 1) / nameLength);
      return Array.from({ length: count }, (_, at) =>
        value.subarray(1 + at * nameLength, 1 + (at + 1) * nameLength),
      );
    },
  };
}

/** Over the index; `nameLength` is that of both plain and stored names. */
export async function openIndexNotes(index: RecordIndex, nameLength: number): Promise<IndexNotes> {
  let next = 1;
  for (const byte of [KEY.uncertain, KEY.reread]) {
    for await (const [key] of index.entries(Buffer.from([0, byte]), Buffer.from([0, byte + 1])))
      next = Math.max(next, key.readUInt32BE(2) + 1);
  }
  let dropped: Buffer[] = [];
  const completeKey = Buffer.from([0, KEY.complete]);
  const changeKey = Buffer.from([0, KEY.change]);
  return {
    make(type, kind, names) {
      const key = numberKey(KEY[type], next);
      // Around once in four billion: long after the notes with these numbers are gone.
      next = next === 0xffff_ffff ? 1 : next + 1;
      const value = Buffer.allocUnsafe(1 + names.length * nameLength);
      value[0] = KIND_BYTE[kind];
      for (let at = 0; at < names.length; at++) value.set(names[at]!, 1 + at * nameLength);
      return [noteOf(type, key, value, nameLength), [key, value]];
    },
    async *read(type) {
      const [from, to] = [Buffer.from([0, KEY[type]]), Buffer.from([0, KEY[type] + 1])];
      for await (const [key, value] of index.entries(from, to)) yield noteOf(type, key, value, nameLength);
    },
    drop(key) {
      dropped.push(key);
    },
    takeDropped() {
      const taken = dropped;
      dropped = [];
      return taken;
    },
    isComplete: () => index.getMany([completeKey])[0] !== undefined,
    completeEntry: () => [completeKey, Buffer.from([1])],
    completeKey,
    change: () => index.getMany([changeKey])[0]?.readUInt32LE() ?? 0,
    changeEntry(change) {
      const value = Buffer.alloc(4);
      value.writeUInt32LE(change);
      return [changeKey, value];
    },
  };
}
