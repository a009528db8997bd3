/** Answers what is asked of views: the root, latest, snapshots, at, and the roots of backups. */
import { decodeMeta, type Meta } from "@datadb/protocol";
import type { DirectoryRef } from "../device/messages.ts";
import { xattrReply } from "../device/xattr-reply.ts";
import { ERRNO, OPCODE, OPEN_FLAG } from "../kernel/constants.ts";
import {
  attributesReply,
  bytesReply,
  entryReply,
  errorReply,
  openReply,
  type Request,
  type Validity,
} from "../kernel/reply.ts";
import { readName } from "../kernel/request.ts";
import type { BackupCatalogue } from "../tree/backup-catalogue.ts";
import type { ViewNodes } from "../tree/view-nodes.ts";
import { lookUpView, noticeText, type View } from "../tree/views.ts";
import { createListing } from "./list-views.ts";
import { backupXattrs, type Mounter, viewAttributes, viewInode } from "./view-attributes.ts";

/** Names of views may mean something else a second later. */
const BRIEFLY: Validity = { entry: 1, attributes: 1 };

export interface ViewSurroundings {
  catalogue: BackupCatalogue;
  nodes: ViewNodes;
  timezone: string;
  mounter: Mounter;
  fetchNode(ref: Buffer): Promise<Buffer>;
  /** A handle for the content of a root that is a file, or of a text. */
  openContent(content: Meta | Buffer): number;
  /** Somebody looks at the root of a backup, and will probably enter it. */
  entered(root: DirectoryRef): void;
}

export interface ViewAnswers {
  /** The request is about a view, and is no LOOKUP or READDIR below a backup's root. */
  answer(view: View, request: Request, bytes: Buffer): Promise<Buffer>;
  rootMeta(view: View): Promise<Meta | null>;
}

export function createViewAnswers(surroundings: ViewSurroundings): ViewAnswers {
  const { catalogue, nodes, timezone, mounter, fetchNode, openContent, entered } = surroundings;
  const roots = new Map<string, Promise<Meta>>();
  const listing = createListing(catalogue, timezone, mounter);

  async function rootMeta(view: View): Promise<Meta | null> {
    if (view.kind !== "backup") return null;
    const { ref } = view.backup;
    let root = roots.get(ref);
    if (root === undefined) {
      root = fetchNode(Buffer.from(ref, "hex")).then(decodeMeta);
      roots.set(ref, root);
      root.catch(() => roots.delete(ref));
      if (roots.size > 10_000) roots.delete(roots.keys().next().value!);
    }
    return await root;
  }

  const attributes = async (view: View): Promise<Buffer> =>
    viewAttributes(view, await rootMeta(view), mounter);

  async function lookUp(view: View, request: Request, bytes: Buffer): Promise<Buffer> {
    const name = readName(bytes, request.length).toString();
    const found = await lookUpView(view, name, catalogue, timezone);
    if (found === null) return errorReply(request, ERRNO.ENOENT);
    const shown = await attributes(found);
    const node = nodes.nodeOf(found);
    nodes.hold(node);
    const root = rootOf(found, node, await rootMeta(found));
    if (root !== null) entered(root);
    return entryReply(request, node, shown, BRIEFLY);
  }

  async function open(view: View, request: Request): Promise<Buffer> {
    if (view.kind === "notice")
      return openReply(request, openContent(Buffer.from(noticeText(view.backup))), OPEN_FLAG.keepCache);
    const root = await rootMeta(view);
    if (root?.type !== "file") return errorReply(request, ERRNO.EISDIR);
    return openReply(request, openContent(root), OPEN_FLAG.keepCache);
  }

  return {
    rootMeta,
    async answer(view, request, bytes) {
      switch (request.opcode) {
        case OPCODE.lookup:
          return await lookUp(view, request, bytes);
        case OPCODE.readdir:
        case OPCODE.readdirplus:
          return await listing(view, request, bytes);
        case OPCODE.getattr:
          return attributesReply(request, await attributes(view), BRIEFLY);
        case OPCODE.opendir:
          return openReply(
            request,
            0,
            view.kind === "backup" ? OPEN_FLAG.keepCache | OPEN_FLAG.cacheDirectory : 0,
          );
        case OPCODE.open:
          return await open(view, request);
        case OPCODE.readlink: {
          const target = (await rootMeta(view))?.target;
          return target === undefined ? errorReply(request, ERRNO.EINVAL) : bytesReply(request, target);
        }
        case OPCODE.getxattr:
        case OPCODE.listxattr:
          return xattrReply(request, bytes, xattrsOf(view, request, await rootMeta(view)));
        default:
          return errorReply(request, ERRNO.ENOSYS);
      }
    },
  };
}

function rootOf(view: View, node: number, meta: Meta | null): DirectoryRef | null {
  if (meta?.directory === undefined) return null;
  const inode = viewInode(view);
  return { node, ref: meta.directory, inode, linkBase: inode };
}

function xattrsOf(view: View, request: Request, root: Meta | null): NonNullable<Meta["xattrs"]> {
  const own = root?.xattrs ?? [];
  const named = view.kind === "backup" && request.opcode === OPCODE.getxattr;
  return named ? [...backupXattrs(view.backup), ...own] : own;
}
