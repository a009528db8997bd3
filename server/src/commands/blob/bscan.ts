/** BSCAN cursor [COUNT count] [KIND data | node] */
import { formatHex } from "@datadb/protocol";
import type { BlobKind } from "../../database.ts";
import type { CommandHandler } from "../../dispatch/command.ts";
import { invalidCursor } from "../../dispatch/reply-errors.ts";
import { parseKind } from "../arguments/blob-name.ts";
import { parsePageSize } from "../arguments/scan-options.ts";
import { parseOptions } from "../arguments/words.ts";

/**
 * A cursor is where to go on: bit 63 the kind (data first), the rest the first 63 bits of the name. Names are hashes, so two
 * that share 63 bits do not happen; a cursor stays valid for ever.
 */
const NODES = 1n << 63n;

export const bscan: CommandHandler = async (session, args) => {
  const options = parseOptions(args, 2, ["COUNT", "KIND"]);
  const count = parsePageSize(options.COUNT);
  const only = options.KIND === undefined ? undefined : parseKind(options.KIND);
  const cursor = parseCursor(args[1]!);
  const { blobs } = session.server.database;
  // Names are read from the index, which has what is durable.
  if (cursor === 0n) await blobs.flush();
  let kind: BlobKind = only ?? ((cursor & NODES) === 0n ? "data" : "node");
  let from = (cursor & ~NODES) << 1n;
  const found: Buffer[] = [];
  for (;;) {
    for await (const page of blobs.names(kind, prefixed(from))) {
      found.push(...page);
      if (found.length > count) break;
    }
    if (found.length > count) return [next(kind, found[count]!), found.slice(0, count).map(formatHex)];
    if (kind === "node" || only === "data") return ["0", found.map(formatHex)];
    kind = "node";
    from = 0n;
    if (found.length === count) return [String(NODES), found.map(formatHex)];
  }
};

function parseCursor(arg: Buffer): bigint {
  const text = arg.toString("latin1", 0, 21);
  const cursor = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (cursor < 0n || cursor >= 1n << 64n) throw invalidCursor();
  return cursor;
}

function prefixed(prefix: bigint): Buffer {
  const from = Buffer.alloc(8);
  from.writeBigUInt64BE(prefix);
  return from;
}

function next(kind: BlobKind, name: Buffer): string {
  const cursor = (name.readBigUInt64BE(0) >> 1n) | (kind === "node" ? NODES : 0n);
  // A cursor of 0 means the end: the one name that would begin there is found from 0 and 1 alike.
  return String(cursor === 0n ? 1n : cursor);
}
