/** A map in a reply, field by field: RESP2 has no maps, so it arrives as a flat array. */
import type { Connection } from "@datadb/client";
import { type PlainReply, WrongReplyError } from "@datadb/protocol";

/** Calls the command; rejects with the signal's reason when it is aborted meanwhile. */
export async function callForFields(
  connection: Connection,
  signal: AbortSignal,
  ...words: (string | number)[]
): Promise<Map<string, PlainReply>> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  const reply = await Promise.race([connection.call(...words), aborted]);
  if (!Array.isArray(reply) || reply.length % 2 !== 0)
    throw new WrongReplyError(`${words[0]} answered no map`);
  const fields = new Map<string, PlainReply>();
  for (let at = 0; at < reply.length; at += 2) fields.set(String(reply[at]), reply[at + 1]!);
  return fields;
}

/** A count among the fields; 0 when it is absent. */
export function countOf(fields: ReadonlyMap<string, PlainReply>, name: string): number {
  const value = fields.get(name);
  return value === undefined || value === null || Array.isArray(value) ? 0 : Number(String(value));
}
