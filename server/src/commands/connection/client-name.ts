/** Names of connections: they appear in CLIENT LIST, which is made of words and lines. */
import { ReplyError } from "@datadb/protocol";

const MAX_NAME_BYTES = 256;

export function parseClientName(arg: Buffer, what = "Client names"): string {
  const text = arg.toString("latin1", 0, MAX_NAME_BYTES + 1);
  if (text.length > MAX_NAME_BYTES || /[^!-~]/.test(text)) {
    throw new ReplyError(`ERR ${what} cannot contain spaces, newlines or special characters.`);
  }
  return text;
}
