/** For each new chunk of a table: the chunk of the previous backup that covers the same keys, as the base of a delta. */

/** The chunks of a table in its previous backup, in order; shared with every thread that reads a part of the table. */
export interface PreviousChunks {
  /** Names, one after another. */
  names: Uint8Array;
  /** What ended each chunk: see ChunkRun. */
  marks: Uint16Array;
  /** Bytes of each chunk. */
  lengths: Uint32Array;
  nameBytes: number;
}

/** A copy of the name of a chunk. */
export function chunkName({ names, nameBytes }: PreviousChunks, chunk: number): Buffer {
  return Buffer.from(names.slice(chunk * nameBytes, (chunk + 1) * nameBytes));
}

/** Chunks that are looked at to find the end of a new one: as many boundaries may have vanished in between. */
const WINDOW = 64;

/** The place of a name; undefined when it is none of them. */
type NamePlaces = (name: Buffer) => number | undefined;

/** A hash table over names, which are hashes themselves: made anew for each range of a table, it must cost nothing. */
function namePlaces(names: Buffer, nameBytes: number): NamePlaces {
  const count = names.length / nameBytes;
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(count * 2 + 1)));
  const mask = slots.length - 1;
  for (let i = 0; i < count; i++) {
    const slot = slotOf(names.subarray(i * nameBytes, (i + 1) * nameBytes));
    slots[slot] ||= i + 1;
  }
  /** Where the name is, or would be. */
  function slotOf(name: Buffer): number {
    let slot = name.readUInt32LE(0) & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (slots[slot]! - 1) * nameBytes;
      if (name.compare(names, at, at + nameBytes) === 0) break;
    }
    return slot;
  }
  return (name) => {
    const place = slots[slotOf(name)]!;
    return place === 0 ? undefined : place - 1;
  };
}

/** Asked for each new chunk in order, beginning anywhere in the table. */
export class KeyBases {
  private readonly names: Buffer;
  private readonly marks: Uint16Array;
  private readonly lengths: Uint32Array;
  private readonly nameBytes: number;
  private places: NamePlaces | undefined;
  private cursor: number;
  /** Whether an end was found, and whether the cursor is known to be where the chunks are. */
  private isMatched = false;
  private isPlaced = false;

  /** `start`: the chunk where the keys begin, as far as is known. */
  constructor({ names, marks, lengths, nameBytes }: PreviousChunks, start: number) {
    this.names = Buffer.from(names.buffer, names.byteOffset, names.byteLength);
    this.marks = marks;
    this.lengths = lengths;
    this.nameBytes = nameBytes;
    this.cursor = start;
  }

  /** Undefined when the chunk is an old one, or nothing is known. */
  base(name: Buffer, mark: number): Buffer | undefined {
    const same = this.nameAt(this.cursor)?.equals(name) ? this.cursor : this.find(name);
    if (same !== undefined) {
      this.isPlaced = true;
      this.cursor = same + 1;
      return undefined;
    }
    const end = this.findEnd(mark);
    if (end === undefined) {
      const covering = this.nameAt(this.cursor);
      // Cut by length, here as there: the next one has the next place.
      if (mark === 0 && this.marks[this.cursor] === 0) this.cursor++;
      return covering;
    }
    // One mark may be there twice; two that follow each other are not.
    this.isPlaced ||= this.isMatched && end === this.cursor;
    this.isMatched = true;
    const base = this.isPlaced ? this.longest(this.cursor, end) : end;
    this.cursor = end + 1;
    return this.nameAt(base);
  }

  /** Of the chunks that one new chunk has taken the place of, since the rows that ended them are gone. */
  private longest(first: number, last: number): number {
    let found = last;
    for (let i = first; i < last; i++) if (this.lengths[i]! > this.lengths[found]!) found = i;
    return found;
  }

  private findEnd(mark: number): number | undefined {
    if (mark === 0) return undefined;
    const { marks, cursor, isPlaced } = this;
    // Where the keys begin is a guess of some hundredths of the table, too early or too late.
    const reach = isPlaced ? WINDOW : Math.max(WINDOW, marks.length >> 2);
    for (let far = 0; far < reach; far++) {
      if (marks[cursor + far] === mark) return cursor + far;
      if (!isPlaced && marks[cursor - 1 - far] === mark) return cursor - 1 - far;
    }
    return undefined;
  }

  private find(name: Buffer): number | undefined {
    this.places ??= namePlaces(this.names, this.nameBytes);
    return this.places(name);
  }

  private nameAt(index: number): Buffer | undefined {
    if (index >= this.marks.length) return undefined;
    return this.names.subarray(index * this.nameBytes, (index + 1) * this.nameBytes);
  }
}
