/** BEXISTS name [name ...] [KIND data | node] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { sessionLease } from "../../session/session-lease.ts";
import { parseBlobName, splitKind } from "../arguments/blob-name.ts";

export const bexists: CommandHandler = async (session, args) => {
  const { rest, kind } = splitKind(args);
  if (rest.length < 2) throw wrongArguments("bexists");
  const names = rest.slice(1).map((arg) => parseBlobName(session, arg));
  const { blobs } = session.server.database;
  const lease = session.right === "read" ? undefined : await sessionLease(session);
  const there = await blobs.hasMany(kind ?? "data", names, lease);
  if (kind === undefined) await addNodes(there);
  return names.length === 1 ? there[0]! : Array.from(there);

  /** Without KIND a name may be of either kind. */
  async function addNodes(found: Uint8Array): Promise<void> {
    const missing = names.filter((_name, i) => found[i] === 0);
    if (missing.length === 0) return;
    const nodes = await blobs.hasMany("node", missing, lease);
    let next = 0;
    for (let i = 0; i < found.length; i++) if (found[i] === 0) found[i] = nodes[next++]!;
  }
};
