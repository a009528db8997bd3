import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { TREE_LEAF_BYTES, treeHash } from "./tree-hash.ts";

const sha = (...parts: Buffer[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();

test("pieces of a mebibyte, pairs of digests, and an odd one that moves up", () => {
  const content = Buffer.alloc(2 * TREE_LEAF_BYTES + 100, "abc");
  const [a, b, c] = [0, 1, 2].map((at) =>
    sha(content.subarray(at * TREE_LEAF_BYTES, (at + 1) * TREE_LEAF_BYTES)),
  );
  expect(treeHash(content)).toBe(sha(sha(a!, b!), c!).toString("hex"));
  expect(treeHash(content.subarray(0, 50))).toBe(sha(content.subarray(0, 50)).toString("hex"));
  expect(treeHash(Buffer.alloc(0))).toBe(sha(Buffer.alloc(0)).toString("hex"));
});
