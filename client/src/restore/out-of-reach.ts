/** Says which bytes of a file an error keeps out of reach. */
import { isDamage, ReplyError } from "@datadb/protocol";

/** The place of a piece of content in its file, in bytes. */
interface Place {
  readonly offset: number;
  readonly length: number;
}

/** An error of the same code with the bytes in its message, when it is one about damage; others as they are. */
export function outOfReach(error: Error, { offset, length }: Place): Error {
  if (!isDamage(error) && !(error instanceof ReplyError)) return error;
  const value = `bytes ${offset} to ${offset + length} are out of reach: ${error.message}`;
  // One error may stand for several pieces, whose base is damaged: it is not changed itself.
  return Object.create(error, { message: { value } }) as Error;
}
