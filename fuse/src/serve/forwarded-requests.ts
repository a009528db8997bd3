/** Answers the requests that the receiver left to the thread with the store: for views, directories, and parts of open files. */
import type { DirectoryRef, ServerMessage } from "../device/messages.ts";
import { answerInDirectory } from "../inodes/answer-in-directory.ts";
import { ERRNO, OPCODE } from "../kernel/constants.ts";
import { errorReply, headerOf, numberReply, type Request } from "../kernel/reply.ts";
import { readSeekBody } from "../kernel/request.ts";
import type { ViewNodes } from "../tree/view-nodes.ts";
import type { View } from "../tree/views.ts";
import type { ViewAnswers } from "./answer-views.ts";
import type { DirectoryLoader } from "./directory-loader.ts";
import type { OpenFiles } from "./open-files.ts";
import type { PendingRequests } from "./pending-requests.ts";
import { viewInode } from "./view-attributes.ts";

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
/** The kernel asks for 32 KiB of entries, or for as much as it reads ahead. */
const LISTING_BYTES = 144 * 1024;
const IN_DIRECTORY: readonly number[] = [OPCODE.lookup, OPCODE.readdir, OPCODE.readdirplus];

export interface ForwardedSurroundings {
  pending: PendingRequests;
  loader: DirectoryLoader;
  files: OpenFiles;
  views: ViewAnswers;
  nodes: ViewNodes;
  post(message: ServerMessage): void;
}

export interface ForwardedRequests {
  /** About a view, or an open file. */
  answer(request: Request, bytes: Buffer): Promise<void>;
  /** A name or the entries of a directory that is not loaded. */
  inDirectory(
    request: Request,
    bytes: Buffer,
    lean: boolean,
    find: () => Promise<DirectoryRef>,
  ): Promise<void>;
  read(request: Request, handle: number, offset: number, size: number): Promise<void>;
}

export function createForwarded(surroundings: ForwardedSurroundings): ForwardedRequests {
  const { pending, loader, files, views, nodes, post } = surroundings;

  async function inDirectory(
    request: Request,
    bytes: Buffer,
    lean: boolean,
    find: () => Promise<DirectoryRef>,
  ): Promise<void> {
    let takeBack: (() => void) | undefined;
    const sent = await pending.answer(request, "a directory cannot be read", async () => {
      const built = await loader.load(await find());
      if (request.opcode !== OPCODE.lookup) loader.listed(built);
      const { id, table } = built;
      const buffer = Buffer.allocUnsafe(request.opcode === OPCODE.lookup ? 16 : LISTING_BYTES);
      const { reply, ...counted } = answerInDirectory(table, id, request, bytes, buffer, lean);
      if (counted.to > counted.from) {
        post({ kind: "count", id, counted, times: 1 });
        takeBack = () => post({ kind: "count", id, counted, times: -1 });
      }
      return reply;
    });
    if (!sent) takeBack?.();
  }

  async function ofView(view: View, request: Request, bytes: Buffer): Promise<void> {
    if (view.kind === "backup" && IN_DIRECTORY.includes(request.opcode)) {
      const inode = viewInode(view);
      return await inDirectory(request, bytes, true, async () => {
        const ref = (await views.rootMeta(view))?.directory ?? null;
        return { node: request.node, ref, inode, linkBase: inode };
      });
    }
    await pending.answer(request, `${view.path} cannot be shown`, () => views.answer(view, request, bytes));
  }

  async function seek(request: Request, bytes: Buffer): Promise<Buffer> {
    const { handle, offset, whence } = readSeekBody(bytes);
    if (whence !== SEEK_DATA && whence !== SEEK_HOLE) return errorReply(request, ERRNO.EINVAL);
    const found = await files.get(handle)?.seek(offset, whence === SEEK_HOLE);
    return found === undefined || found === null
      ? errorReply(request, ERRNO.ENXIO)
      : numberReply(request, found);
  }

  return {
    inDirectory,
    async answer(request, bytes) {
      if (request.opcode === OPCODE.lseek) {
        await pending.answer(request, "a file cannot be searched for holes", () => seek(request, bytes));
        return;
      }
      const view = nodes.viewOf(request.node);
      if (view !== undefined) return await ofView(view, request, bytes);
      await pending.answer(request, "", async () => errorReply(request, ERRNO.ENOENT));
    },
    async read(request, handle, offset, size) {
      const what = (): string => `${files.pathOf(handle)}: ${size} bytes at ${offset} cannot be read`;
      await pending.answerWith(request, what, async (reply) => {
        await files.get(handle)!.read(offset, size, (parts) => {
          const length = parts.reduce((sum, part) => sum + part.length, 0);
          reply([headerOf(request, length), ...parts]);
        });
      });
    },
  };
}
