/** Answers what the receiver can answer by itself, and hands the rest to the thread that has the store. */
import type { Meta } from "@datadb/protocol";
import { answerInDirectory } from "../inodes/answer-in-directory.ts";
import { attributesAt, encodedMetaAt, isDirectoryAt, metaAt } from "../inodes/directory-table.ts";
import type { InodeTable, LoadedDirectory } from "../inodes/inode-table.ts";
import { entryOfNode, FIRST_ENTRY_NODE } from "../inodes/node-id.ts";
import { directoryRef, subdirectories } from "../inodes/subdirectories.ts";
import { CHANGING_OPCODES, ERRNO, OPCODE, OPEN_FLAG } from "../kernel/constants.ts";
import {
  attributesReply,
  bytesReply,
  emptyReply,
  errorReply,
  FOREVER,
  openReply,
  statfsReply,
} from "../kernel/reply.ts";
import { type Request, readForgets, readNumber, readReadBody } from "../kernel/request.ts";
import type { Askers } from "./askers.ts";
import type { ReceiverMessage } from "./messages.ts";
import { readAheadInDirectory } from "./read-ahead.ts";
import { xattrReply } from "./xattr-reply.ts";

export interface Receiver {
  inodes: InodeTable;
  post(message: ReceiverMessage): void;
  /** For replies of many entries; a reply in it must be sent before the next request is answered. */
  buffer: Buffer;
  nextHandle: number;
  askers: Askers;
  /** Bytes and entries of all backups. */
  totals: Float64Array;
}

/** Open directories share one handle: nothing is kept of them. */
const DIRECTORY_HANDLE = 0;

/** Null when somebody else answers, or nobody has to. */
export function answerRequest(receiver: Receiver, request: Request, bytes: Buffer): Buffer | null {
  const { inodes, post } = receiver;
  switch (request.opcode) {
    case OPCODE.lookup:
    case OPCODE.readdir:
    case OPCODE.readdirplus:
      return inDirectory(receiver, request, bytes);
    case OPCODE.forget:
    case OPCODE.batchForget:
      for (const [node, times] of readForgets(bytes, request, request.opcode === OPCODE.batchForget)) {
        if (node >= FIRST_ENTRY_NODE) inodes.forget(node, times);
        else post({ kind: "forget", node, times });
      }
      return null;
    case OPCODE.interrupt:
      post({ kind: "interrupt", low: bytes.readUInt32LE(40), high: bytes.readUInt32LE(44) });
      return null;
    case OPCODE.read: {
      const { handle, offset, size } = readReadBody(bytes);
      post({ kind: "read", low: request.uniqueLow, high: request.uniqueHigh, handle, offset, size });
      return null;
    }
    case OPCODE.release:
      post({ kind: "close", handle: readNumber(bytes, 40) });
      return emptyReply(request);
    case OPCODE.releasedir:
    case OPCODE.destroy:
      return emptyReply(request);
    case OPCODE.statfs:
      // umount asks this: it must never wait for the store.
      return statfsReply(request, receiver.totals[0] ?? 0, receiver.totals[1] ?? 0);
    case OPCODE.lseek:
      return forward(receiver, request, bytes);
    default:
      if (CHANGING_OPCODES.has(request.opcode)) return errorReply(request, ERRNO.EROFS);
      return ofEntry(receiver, request, bytes);
  }
}

function forward({ post }: Receiver, request: Request, bytes: Buffer): null {
  post({ kind: "request", bytes: Uint8Array.from(bytes.subarray(0, request.length)) });
  return null;
}

function inDirectory(receiver: Receiver, request: Request, bytes: Buffer): Buffer | null {
  const { inodes, post, buffer, askers } = receiver;
  const loaded = inodes.directory(request.node);
  const lean = askers.wantsNames(request.pid);
  if (loaded !== undefined) {
    // Who only follows a path will not look into what lies beside it.
    if (!loaded.used && request.opcode !== OPCODE.lookup) markUsed(receiver, loaded);
    const answer = answerInDirectory(loaded.table, loaded.id, request, bytes, buffer, lean);
    inodes.count(loaded.id, answer, 1);
    const asked = request.opcode === OPCODE.lookup && answer.to > answer.from;
    if (asked && !isDirectoryAt(loaded.table, answer.from)) askers.looksAtFiles(request.pid);
    return answer.reply;
  }
  if (request.node < FIRST_ENTRY_NODE) return forward(receiver, request, bytes);
  const holder = inodes.holderOf(request.node);
  const entry = entryOfNode(request.node);
  if (holder === undefined || !isDirectoryAt(holder.table, entry)) return errorReply(request, ERRNO.ENOTDIR);
  const directory = directoryRef(holder.id, holder.table, entry);
  post({ kind: "load", bytes: Uint8Array.from(bytes.subarray(0, request.length)), directory, lean });
  return null;
}

function markUsed({ inodes, post }: Receiver, loaded: LoadedDirectory): void {
  loaded.used = true;
  const { id, table } = loaded;
  const below = subdirectories(id, table, (node) => inodes.directory(node) !== undefined);
  post({ kind: "used", id, below });
}

/** What is asked of one entry of a backup; views are asked elsewhere. */
function ofEntry(receiver: Receiver, request: Request, bytes: Buffer): Buffer | null {
  const holder = receiver.inodes.holderOf(request.node);
  const asked: readonly number[] = [
    OPCODE.getattr,
    OPCODE.readlink,
    OPCODE.open,
    OPCODE.opendir,
    OPCODE.getxattr,
    OPCODE.listxattr,
  ];
  if (!asked.includes(request.opcode)) return errorReply(request, ERRNO.ENOSYS);
  if (request.node < FIRST_ENTRY_NODE) return forward(receiver, request, bytes);
  if (holder === undefined) return errorReply(request, ERRNO.ENOENT);
  const entry = entryOfNode(request.node);
  if (request.opcode === OPCODE.getattr)
    return attributesReply(request, attributesAt(holder.table, entry), FOREVER);
  if (request.opcode === OPCODE.opendir)
    return openReply(request, DIRECTORY_HANDLE, OPEN_FLAG.keepCache | OPEN_FLAG.cacheDirectory);
  const meta = metaAt(holder.table, entry);
  if (request.opcode === OPCODE.open) return open(receiver, request, holder, entry, meta);
  if (request.opcode === OPCODE.readlink)
    return meta.target === undefined
      ? errorReply(request, ERRNO.EINVAL)
      : bytesReply(request, Buffer.from(meta.target));
  return xattrReply(request, bytes, meta.xattrs);
}

function open(
  receiver: Receiver,
  request: Request,
  holder: LoadedDirectory,
  entry: number,
  meta: Meta,
): Buffer {
  if (meta.type !== "file") return errorReply(request, ERRNO.EINVAL);
  const handle = receiver.nextHandle++;
  receiver.post({ kind: "open", handle, meta: Uint8Array.from(encodedMetaAt(holder.table, entry)) });
  readAheadInDirectory(holder, entry, receiver.post);
  return openReply(request, handle, OPEN_FLAG.keepCache | OPEN_FLAG.noFlush);
}
