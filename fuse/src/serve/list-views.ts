/** READDIR of views. */
import { OPCODE, REPLY_HEADER } from "../kernel/constants.ts";
import { entryPacker } from "../kernel/directory-entries.ts";
import type { Request } from "../kernel/reply.ts";
import { readReadBody } from "../kernel/request.ts";
import type { BackupCatalogue } from "../tree/backup-catalogue.ts";
import { listView, type View, type ViewEntry } from "../tree/views.ts";
import { type Mounter, viewAttributes } from "./view-attributes.ts";

/** Listings that are under way at the same time. */
const MOST_LISTINGS = 100;
const TYPE_AT = 60;

export type ViewListing = (view: View, request: Request, bytes: Buffer) => Promise<Buffer>;

export function createListing(catalogue: BackupCatalogue, timezone: string, mounter: Mounter): ViewListing {
  /** A listing that goes over several requests must not change in between. */
  const listings = new Map<number, ViewEntry[]>();

  async function entriesOf(view: View, node: number, offset: number): Promise<ViewEntry[]> {
    const known = offset === 0 ? undefined : listings.get(node);
    if (known !== undefined) return known;
    const entries = await listView(view, catalogue, timezone);
    listings.set(node, entries);
    if (listings.size > MOST_LISTINGS) listings.delete(listings.keys().next().value!);
    return entries;
  }

  /** Number and type: all that a listing without nodes shows. */
  function shown(view: View): Buffer {
    const attributes = viewAttributes(view, null, mounter);
    if (view.kind === "backup")
      attributes.writeUInt32LE(view.backup.type === "directory" ? 0o040000 : 0o100000, TYPE_AT);
    return attributes;
  }

  return async (view, request, bytes) => {
    const { offset, size } = readReadBody(bytes);
    const entries = await entriesOf(view, request.node, offset);
    const plus = request.opcode === OPCODE.readdirplus;
    const packer = entryPacker(Buffer.alloc(size + REPLY_HEADER), request, size, plus);
    const own = viewAttributes(view, null, mounter);
    if (offset < 1 && !packer.add(Buffer.from("."), 1, 0, own)) return packer.reply();
    if (offset < 2 && !packer.add(Buffer.from(".."), 2, 0, own)) return packer.reply();
    // Without nodes: the attributes of a thousand backups would be a thousand questions to the store.
    for (let i = Math.max(0, offset - 2); i < entries.length; i++) {
      const { name, view: below } = entries[i]!;
      if (!packer.add(Buffer.from(name), i + 3, 0, shown(below))) break;
    }
    return packer.reply();
  };
}
