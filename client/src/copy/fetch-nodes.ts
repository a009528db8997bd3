/** Contents of nodes that come in groups. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { fetchContents } from "../tree/fetch-contents.ts";
import type { Child } from "./node-children.ts";

/** Verified contents, grouped as the nodes are; an Error stands where one cannot be read. */
export async function fetchNodes(
  from: Connection,
  hash: HashAlgorithm,
  groups: readonly (readonly Child[])[],
): Promise<(Buffer | Error)[][]> {
  const names = groups.flat().map(({ name }) => name);
  const contents = names.length === 0 ? [] : await fetchContents(from, hash, "node", names);
  let next = 0;
  return groups.map(({ length }) => {
    next += length;
    return contents.slice(next - length, next);
  });
}
