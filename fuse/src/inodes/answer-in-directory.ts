/** Answers what is asked of one directory of a backup: a name, or its entries. */
import { OPCODE, REQUEST_HEADER } from "../kernel/constants.ts";
import { entryPacker } from "../kernel/directory-entries.ts";
import { entryReply, FOREVER } from "../kernel/reply.ts";
import { type Request, readName, readReadBody } from "../kernel/request.ts";
import { attributesAt, type DirectoryTable, findName, isDirectoryAt, nameAt } from "./directory-table.ts";
import type { Counted } from "./inode-table.ts";
import { nodeOf } from "./node-id.ts";

/** A reply, and the entries [from, to) that the kernel now knows once more each. */
export interface DirectoryAnswer extends Counted {
  reply: Buffer;
}

/** Cookies of "." and ".."; the entry `i` has the cookie `i + 3`. */
const DOTS = 2;

/**
 * The request is LOOKUP, READDIR or READDIRPLUS. A reply with entries is a view of `buffer`. `lean`: of the entries only
 * directories come with attributes. The kernel makes an inode of each that does, which takes longer than all else.
 */
export function answerInDirectory(
  table: DirectoryTable,
  id: number,
  request: Request,
  bytes: Buffer,
  buffer: Buffer,
  lean: boolean,
): DirectoryAnswer {
  if (request.opcode !== OPCODE.lookup) return list(table, id, request, bytes, buffer, lean);
  const found = findName(table, readName(bytes, request.length, REQUEST_HEADER));
  if (found < 0) return { reply: entryReply(request, 0, null, FOREVER), from: 0, to: 0, lean: false };
  const reply = entryReply(request, nodeOf(id, found), attributesAt(table, found), FOREVER);
  return { reply, from: found, to: found + 1, lean: false };
}

function list(
  table: DirectoryTable,
  id: number,
  request: Request,
  bytes: Buffer,
  buffer: Buffer,
  lean: boolean,
): DirectoryAnswer {
  const { offset, size } = readReadBody(bytes);
  const plus = request.opcode === OPCODE.readdirplus;
  const packer = entryPacker(buffer, request, size, plus);
  const from = Math.max(0, offset - DOTS);
  let fits = addDots(packer, table, offset);
  let to = from;
  for (; fits && to < table.count; to++) {
    const node = lean && !isDirectoryAt(table, to) ? 0 : nodeOf(id, to);
    fits = packer.add(nameAt(table, to), to + DOTS + 1, node, attributesAt(table, to));
    if (!fits) break;
  }
  return { reply: packer.reply(), from, to: plus ? to : from, lean };
}

function addDots(packer: ReturnType<typeof entryPacker>, table: DirectoryTable, offset: number): boolean {
  const own = directoryAttributes(table);
  let fits = true;
  if (offset < 1) fits = packer.add(Buffer.from("."), 1, 0, own);
  if (offset < 2 && fits) fits = packer.add(Buffer.from(".."), 2, 0, own);
  return fits;
}

/** Only number and type: all that "." and ".." show. */
function directoryAttributes({ inode }: DirectoryTable): Buffer {
  const attributes = Buffer.alloc(88);
  attributes.writeUInt32LE(inode.low, 0);
  attributes.writeUInt32LE(inode.high, 4);
  attributes.writeUInt32LE(0o040000, 60);
  return attributes;
}
