/** The cache of a database's backup: what ended each chunk of each table, so that the next one finds the chunk of the same keys. */
import { ByteReader, ByteWriter } from "@datadb/protocol";

/** Version of the cache: others are not read. */
const VERSION = 1;

/** Marks by path, in order of path. */
export function writeMarks(tables: ReadonlyMap<string, Uint16Array>): Buffer {
  const pieces: Buffer[] = [Buffer.from([VERSION])];
  for (const [path, marks] of [...tables].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const writer = new ByteWriter();
    writer.bytes(Buffer.from(path));
    writer.varint(marks.length);
    const values = Buffer.alloc(marks.length * 2);
    for (const [i, mark] of marks.entries()) values.writeUInt16LE(mark, i * 2);
    pieces.push(writer.finish(), values);
  }
  return Buffer.concat(pieces);
}

/** What is no cache of this version counts as empty. */
export function parseMarks(cache: Buffer | null): Map<string, Uint16Array> {
  const tables = new Map<string, Uint16Array>();
  if (cache === null || cache[0] !== VERSION) return tables;
  try {
    const reader = new ByteReader(cache, 1);
    while (!reader.done) {
      const path = reader.bytes().toString();
      const values = reader.raw(reader.varint() * 2);
      const marks = new Uint16Array(values.length / 2);
      for (let i = 0; i < marks.length; i++) marks[i] = values.readUInt16LE(i * 2);
      tables.set(path, marks);
    }
    return tables;
  } catch {
    return new Map();
  }
}
