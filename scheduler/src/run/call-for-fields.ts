/** Commands of the store that take long and answer fields. */
import type { Connection } from "@datadb/client";
import { type PlainReply, WrongReplyError } from "@datadb/protocol";

/** Aborting leaves the command to the server, and rejects with the signal's reason. */
export async function callForFields(
  connection: Connection,
  signal: AbortSignal,
  ...words: (string | number)[]
): Promise<Map<string, PlainReply>> {
  signal.throwIfAborted();
  const reply = await Promise.race([connection.call(...words), aborted(signal)]);
  if (!Array.isArray(reply) || reply.length % 2 !== 0)
    throw new WrongReplyError(`${words[0]} answered no map`);
  const fields = new Map<string, PlainReply>();
  for (let at = 0; at < reply.length; at += 2) fields.set(String(reply[at]), reply[at + 1]!);
  return fields;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
