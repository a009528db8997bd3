/** What history and notices say of an error. */
import { DatadbError, ReplyError } from "@datadb/protocol";

export interface DescribedError {
  /** Stable: a code of datadb, of the server or of the system; INTERNAL for the unexpected. */
  code: string;
  message: string;
}

export function describeError(error: unknown): DescribedError {
  if (error instanceof DatadbError) {
    const { code, message, next } = error;
    return { code, message: next ? `${message} (${next})` : message };
  }
  if (error instanceof ReplyError)
    return { code: error.kind, message: error.message.slice(error.kind.length).trimStart() };
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof Error) return { code: typeof code === "string" ? code : "INTERNAL", message };
  return { code: "INTERNAL", message: String(error) };
}
