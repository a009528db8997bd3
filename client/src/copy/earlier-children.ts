/** With what the children of new nodes are to be compared. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Run } from "./align-children.ts";
import { fetchNodes } from "./fetch-nodes.ts";
import { type Child, childrenOfAll, nodeLevel } from "./node-children.ts";

/** Children of earlier versions that are looked at for one run. */
const MOST = 256;

/**
 * For each run, whose new nodes have the contents `nodes`, the children of what lay in their place; none when there is no previous version, or
 * it cannot be read. A version with more content can have a level more: then the earlier one is gone down in first, or waits for the
 * next level.
 */
export async function earlierChildren(
  previous: Connection | null,
  hash: HashAlgorithm,
  runs: readonly Run[],
  nodes: readonly (readonly Buffer[])[],
): Promise<Child[][]> {
  if (previous === null) return runs.map(() => []);
  const levelOf = (some: readonly Buffer[]): number => (some[0] === undefined ? 0 : nodeLevel(some[0], hash));
  const wanted = nodes.map(levelOf);
  let open = runs.map(({ before }) => before);
  for (;;) {
    const contents = (await fetchNodes(previous, hash, open)).map((some) => some.filter(isContent));
    const levels = contents.map(levelOf);
    const below = contents.map((some) => childrenOfAll(some, hash).all.slice(0, MOST));
    if (levels.every((level, at) => level <= wanted[at]!))
      return open.map((children, at) => (levels[at]! < wanted[at]! ? children : below[at]!));
    open = open.map((children, at) => (levels[at]! > wanted[at]! ? below[at]! : children));
  }
}

function isContent(content: Buffer | Error): content is Buffer {
  return !(content instanceof Error);
}
