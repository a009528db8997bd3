/** A directory as a set: the ids of its metas, in order of their names. */
import { formatHex, hashOf, readEncodedMetas } from "@datadb/protocol";
import type { ServerState } from "../session/server-state.ts";
import { fetchNodes } from "./fetch-nodes.ts";

/** Ids in hex. The metas are remembered, so that HGETALL finds them at once. */
export async function* directoryMembers(server: ServerState, directory: Buffer): AsyncGenerator<string> {
  const { hash } = server.database.info;
  for await (const encoded of readEncodedMetas(fetchNodes(server), hash, directory)) {
    const id = hashOf(hash, encoded);
    server.metas.put(id, encoded);
    yield formatHex(id);
  }
}
