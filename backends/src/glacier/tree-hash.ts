/** The tree hash of Amazon Glacier: SHA-256 of pieces of 1 MiB, then of pairs of digests up to one. */
import { createHash } from "node:crypto";

export const TREE_LEAF_BYTES: number = 1024 * 1024;

/** In lower-case hex. A digest without a partner moves up as it is. */
export function treeHash(content: Buffer): string {
  let level: Buffer[] = [];
  for (let at = 0; at === 0 || at < content.length; at += TREE_LEAF_BYTES)
    level.push(
      createHash("sha256")
        .update(content.subarray(at, at + TREE_LEAF_BYTES))
        .digest(),
    );
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at]!, level[at + 1]];
      above.push(right === undefined ? left : createHash("sha256").update(left).update(right).digest());
    }
    level = above;
  }
  return level[0]!.toString("hex");
}
