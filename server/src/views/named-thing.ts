/** What a name of 40 or 64 digits stands for when no key has it: a meta, a directory, a list, or other content. */
import { decodeMeta, type Meta, type NodeType, nodeType } from "@datadb/protocol";
import { blobNameOf } from "../commands/arguments/blob-name.ts";
import type { Session } from "../session/session.ts";
import { findMeta } from "./find-meta.ts";

export type NamedThing =
  | { type: "hash"; meta: Meta }
  | { type: "set"; directory: Buffer }
  | { type: "list"; list: Buffer }
  | { type: "blob" };

const STRUCTURE: Readonly<Record<NodeType, "hash" | "set" | "list" | "blob">> = {
  meta: "hash",
  "directory-leaf": "set",
  "directory-inner": "set",
  "list-leaf": "list",
  "list-inner": "list",
  "checkpoint-leaf": "blob",
  "checkpoint-inner": "blob",
};

/**
 * The thing, or null. `key` is as the client wrote it; keys that are no names in this store are null without looking. Metas that
 * nobody has listed yet are looked for in all backups, which takes time.
 */
export async function namedThing(session: Session, key: Buffer): Promise<NamedThing | null> {
  const name = blobNameOf(session, key);
  if (name === undefined) return null;
  const { server } = session;
  const { blobs } = server.database;
  const content = await blobs.getContent("node", name);
  if (content !== null) {
    const type = STRUCTURE[nodeType(content)];
    if (type === "hash") return { type, meta: decodeMeta(content) };
    if (type === "set") return { type, directory: name };
    return type === "list" ? { type, list: name } : { type };
  }
  const [there] = await blobs.hasMany("data", [name]);
  if (there === 1) return { type: "blob" };
  const meta = await findMeta(server, name);
  return meta === undefined ? null : { type: "hash", meta: decodeMeta(meta) };
}
