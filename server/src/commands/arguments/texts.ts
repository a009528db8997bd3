/** JSON arrays of strings as arguments. */
import { ReplyError } from "@datadb/protocol";

const MAX_BYTES = 64 * 1024;

/** In the shortest form. `what` is what the strings are, for the error. */
export function parseTexts(arg: Buffer, what: string): Buffer {
  if (arg.length > MAX_BYTES) throw new ReplyError(`ERR ${what} have at most ${MAX_BYTES} bytes`);
  try {
    const texts: unknown = JSON.parse(arg.toString());
    if (Array.isArray(texts) && texts.every((one) => typeof one === "string"))
      return Buffer.from(JSON.stringify(texts));
  } catch {
    // Said below, for both.
  }
  throw new ReplyError(`ERR ${what} are a JSON array of strings, e.g. ["before-upgrade"]`);
}
