/** What the index knows of packs: keys and values beside those of records. */
import { ByteReader, ByteWriter } from "@datadb/protocol";
import type { Pack } from "./shelf.ts";

/** Says that a process may have written objects that the index does not know. Permanent; no pack's key is as short. */
export const DIRTY_KEY: Buffer = Buffer.from([0, 0xff]);

/** Value of a pack's key: varint bytes of the object, then its name. */
export function encodePack({ size, name }: Pick<Pack, "size" | "name">): Buffer {
  const writer = new ByteWriter();
  writer.varint(size);
  writer.raw(Buffer.from(name));
  return writer.finish();
}

/** What encodePack wrote. */
export function decodePack(value: Buffer): Pick<Pack, "size" | "name"> {
  const reader = new ByteReader(value);
  const size = reader.varint();
  return { size, name: reader.raw(reader.remaining).toString() };
}
