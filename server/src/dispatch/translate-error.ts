/** Errors become replies here, once: the kind is the error's code without underscores, the advice follows the message. */
import { DatadbError, ReplyError } from "@datadb/protocol";

/**
 * The reply for whatever a command threw. `report` gets errors that are nobody's answer: mistakes of the program, whose
 * details are for the server's log and not for clients.
 */
export function translateError(error: unknown, report: (error: unknown) => void): ReplyError {
  if (error instanceof ReplyError) return error;
  if (error instanceof DatadbError) {
    return new ReplyError(`${error.code.replaceAll("_", "")} ${error.message}; ${error.next}`);
  }
  report(error);
  return new ReplyError("ERR internal error: the server's log has the details");
}
