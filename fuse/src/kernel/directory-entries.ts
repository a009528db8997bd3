/** Packs the entries of READDIR and READDIRPLUS into one reply. */
import { REPLY_HEADER } from "./constants.ts";
import {
  ENTRY_BYTES,
  FOREVER,
  type Request,
  replyHeader,
  type Validity,
  writeEntry,
  writeNumber,
} from "./reply.ts";

const DIRENT = 24;

export interface EntryPacker {
  /** False when it does not fit any more; `cookie` is where a later request goes on, behind this entry. */
  add(name: Buffer, cookie: number, node: number, attributes: Buffer, validity?: Validity): boolean;
  /** The reply: a view of the packer's buffer, valid until the next packer is made of it. */
  reply(): Buffer;
}

/** `size` is what the kernel takes. `plus` adds the attributes, which counts as a lookup of each entry with a node. */
export function entryPacker(buffer: Buffer, request: Request, size: number, plus: boolean): EntryPacker {
  const prefix = plus ? ENTRY_BYTES : 0;
  const limit = Math.min(REPLY_HEADER + size, buffer.length);
  let at = REPLY_HEADER;
  return {
    add(name, cookie, node, attributes, validity = FOREVER) {
      const length = prefix + DIRENT + name.length;
      const end = at + ((length + 7) & ~7);
      if (end > limit) return false;
      if (plus && node !== 0) writeEntry(buffer, at, node, attributes, validity);
      else buffer.fill(0, at, at + prefix);
      const entry = at + prefix;
      attributes.copy(buffer, entry, 0, 8);
      writeNumber(buffer, cookie, entry + 8);
      buffer.writeUInt32LE(name.length, entry + 16);
      buffer.writeUInt32LE((attributes.readUInt32LE(60) >>> 12) & 15, entry + 20);
      name.copy(buffer, entry + DIRENT);
      buffer.fill(0, at + length, end);
      at = end;
      return true;
    },
    reply() {
      replyHeader(buffer, request, at);
      return buffer.subarray(0, at);
    },
  };
}
