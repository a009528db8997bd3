/** What a client sent is not the protocol: it gets the message, then the connection closes. */
export class ProtocolError extends Error {
  constructor(what: string) {
    super(`ERR Protocol error: ${what}`);
    this.name = "ProtocolError";
  }
}
