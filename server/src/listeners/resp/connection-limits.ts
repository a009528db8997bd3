/** What one connection may take, and why. */
import { MAX_ARGUMENTS, MAX_BULK_BYTES, MAX_COMMAND_BYTES, MAX_INLINE_BYTES } from "@datadb/protocol";
import type { ParserLimits } from "./command-parser.ts";

export interface ConnectionLimits {
  /** Connections at a time, of all listeners together. Each costs a file descriptor and some memory. */
  clients: number;
  /** A connection that has sent nothing for so long is closed; 0: never. Unix sockets are exempt. */
  idleSeconds: number;
  /** A command that has begun must end, and a new connection must authenticate, within this time. */
  partialSeconds: number;
  /** Input of commands that are not answered yet, estimated replies included: then reading stops. */
  inFlightBytes: number;
  /** Commands that are not answered yet: then reading stops. */
  inFlightCommands: number;
  /** Replies that the client has not taken: then reading stops. */
  outputBytes: number;
}

export const DEFAULT_LIMITS: ConnectionLimits = {
  clients: 1000,
  idleSeconds: 3600,
  partialSeconds: 60,
  inFlightBytes: 32 * 1024 * 1024,
  inFlightCommands: 10_000,
  outputBytes: 1024 * 1024,
};

export const PARSER_LIMITS: ParserLimits = {
  arguments: MAX_ARGUMENTS,
  bulkBytes: MAX_BULK_BYTES,
  commandBytes: MAX_COMMAND_BYTES,
  inlineBytes: MAX_INLINE_BYTES,
};

/** Before authentication only AUTH, HELLO and QUIT make sense. */
export const UNAUTHENTICATED_LIMITS: ParserLimits = {
  arguments: 10,
  bulkBytes: 16 * 1024,
  commandBytes: 32 * 1024,
  inlineBytes: 16 * 1024,
};
