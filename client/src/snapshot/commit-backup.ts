/** Lists a backup: the last step, after which it is there for good. */
import { type PlainReply, WrongReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

export interface Committed {
  /** Ids in hex. */
  backup: string;
  snapshot: string;
  /** RFC 3339 UTC with milliseconds. */
  time: string;
}

/** Commits a backup of `ref` (hex) with its fields; absent ones are left out. Resolves when it is durable. */
export async function commitBackup(
  connection: Connection,
  host: string,
  path: string,
  ref: string,
  fields: Readonly<Record<string, string | number | null>>,
): Promise<Committed> {
  const pairs = Object.entries(fields).flatMap(([field, value]) => (value === null ? [] : [field, value]));
  await connection.call("TXINIT");
  let reply: PlainReply;
  try {
    reply = await connection.call("BACKUP", host, path, ref, ...pairs);
    await connection.call("TXCOMMIT");
  } catch (error) {
    await connection.call("TXDISCARD").catch(() => {});
    throw error;
  }
  // Read only now: a connection that came back in between has brought id and time up to date.
  if (!Array.isArray(reply) || reply.length < 3)
    throw new WrongReplyError("BACKUP did not answer id, series and time");
  const [backup, snapshot, time] = reply.map(String);
  return { backup: backup!, snapshot: snapshot!, time: time! };
}
