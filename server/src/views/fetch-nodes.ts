/** Nodes for the tree readers. */
import { DamagedError, type FetchNodes, formatHex } from "@datadb/protocol";
import type { ServerState } from "../session/server-state.ts";

export function fetchNodes(server: ServerState): FetchNodes {
  return async (names) => {
    const contents = await server.database.blobs.getContents("node", names);
    return contents.map((content, i) => {
      if (content === null) throw new DamagedError(`the node ${formatHex(names[i]!)} is missing`);
      return content;
    });
  };
}
