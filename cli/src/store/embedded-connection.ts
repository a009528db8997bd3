/** A Connection to a store that is open in this process: the server's own session, without a wire between. */
import type { Argument, Connection } from "@datadb/client";
import { ConnectionLostError, plainReply } from "@datadb/protocol";
import { type Database, Session, sessionLease } from "@datadb/server";

/** `release` runs once, when the connection is closed: it gives the store back. */
export function embeddedConnection(database: Database, release: () => Promise<void>): Connection {
  const session = new Session(database, { address: "embedded" });
  const { id, hash, chunker, timezone } = database.info;
  const { blobs } = database;
  let closing: Promise<void> | undefined;
  return {
    async call(...args) {
      if (closing) throw new ConnectionLostError("the connection was closed by this side");
      // Until the reply there is no await: commands begin in the order they are called.
      return plainReply(await session.execute(args.map(toBuffer)));
    },
    facts: () => Promise.resolve({ id, hash, chunker, timezone }),
    local: {
      hasMany: async (kind, names) => blobs.hasMany(blobKind(kind), names, await sessionLease(session)),
      putEncoded: async (records) => blobs.putEncoded(records, await sessionLease(session)),
      getRecords: (kind, names) => blobs.getRecords(blobKind(kind), names),
      withPlaces: (kind, names, use) => blobs.withPlaces(blobKind(kind), names, use),
    },
    close() {
      closing ??= Promise.resolve().then(() => {
        session.close();
        return release();
      });
      return closing;
    },
  };
}

/**
 * The server moves the memory of a large argument to its encoder when nothing else lies in it. The caller's must stay:
 * it is what another holder gets when this one dies.
 */
function toBuffer(argument: Argument): Buffer {
  if (!Buffer.isBuffer(argument)) return Buffer.from(String(argument));
  return argument.byteLength === argument.buffer.byteLength ? Buffer.from(argument) : argument;
}

/** Log records are the server's own: not even its process' client gets at them. */
function blobKind(kind: string): "data" | "node" {
  if (kind === "data" || kind === "node") return kind;
  throw new TypeError(`clients have no ${kind} records`);
}
