/** What the manifest of a LevelDB says: which tables and logs make up its content. */
import { ByteReader, DecodeError } from "@datadb/protocol";

/** The files that belong to a LevelDB, by number; others in its directory are left over and will be removed by it. */
export interface LiveFiles {
  /** Bytes of each table. */
  readonly tables: Map<number, number>;
  /** Logs from this number on hold what is in no table yet. */
  firstLog: number;
  /** A log that is older than `firstLog` and still needed; 0 for none. */
  olderLog: number;
}

/** First of each field of an edit. Given by LevelDB. */
const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLog: 9,
} as const;

export function emptyManifest(): LiveFiles {
  return { tables: new Map(), firstLog: 0, olderLog: 0 };
}

/** Applies one record of the manifest. Throws DECODE for what no LevelDB writes. */
export function applyEdit(files: LiveFiles, edit: Buffer): void {
  const reader = new ByteReader(edit);
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === TAG.comparator) reader.bytes();
    else if (tag === TAG.logNumber) files.firstLog = reader.varint();
    else if (tag === TAG.nextFile) reader.varint();
    else if (tag === TAG.lastSequence) reader.varintBig();
    else if (tag === TAG.previousLog) files.olderLog = reader.varint();
    else if (tag === TAG.compactPointer) {
      reader.varint();
      reader.bytes();
    } else if (tag === TAG.deletedFile) {
      reader.varint();
      files.tables.delete(reader.varint());
    } else if (tag === TAG.newFile) {
      reader.varint();
      const number = reader.varint();
      files.tables.set(number, reader.varint());
      reader.bytes();
      reader.bytes();
    } else throw new DecodeError(`the manifest has the unknown field ${tag}`);
  }
}
