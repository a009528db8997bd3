/** What a backup is listed with, byte for byte, so that its copy is listed alike. */
import { type PlainReply, WrongReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Backup } from "../list/backup.ts";

export interface ListedFields {
  host: Buffer;
  path: Buffer;
  /** All others that a copy has too, in the order of the reply: flat, field and value. */
  fields: Buffer[];
  /** The field that names the scan cache, if any. */
  cache: string | undefined;
}

/** What the target's server writes itself, and what is true of one store only. */
const OWN = new Set(["id", "snapshot", "hostname", "path", "ts", "ref", "pinned", "lost", "cache"]);

export async function listedFields(source: Connection, { id }: Pick<Backup, "id">): Promise<ListedFields> {
  const reply: PlainReply = await source.call("HGETALL", id);
  if (!Array.isArray(reply) || reply.length % 2 !== 0) throw new WrongReplyError("HGETALL answered no map");
  const fields: Buffer[] = [];
  const known = new Map<string, Buffer>();
  for (let at = 0; at < reply.length; at += 2) {
    const [field, value] = [asBuffer(reply[at]), asBuffer(reply[at + 1])];
    known.set(field.toString("latin1"), value);
    if (!OWN.has(field.toString("latin1"))) fields.push(field, value);
  }
  const [host, path] = [known.get("hostname"), known.get("path")];
  if (host === undefined || path === undefined)
    throw new WrongReplyError(`backup ${id} is listed without host or path`);
  return { host, path, fields, cache: known.get("cache")?.toString("latin1") };
}

function asBuffer(value: PlainReply | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(String(value));
}
