import { expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import type { DistantReads } from "../distant-reads.ts";
import { distantMember } from "./distant-member.ts";
import type { Mirror } from "./mirror.ts";

const asked: unknown[][] = [];
const distant: DistantReads = {
  expectNodes: () => void asked.push(["nodes"]),
  near: (pack) => pack === "blobs-2",
  async bring(...words) {
    asked.push(words);
    return 7;
  },
};

/** Members that are up, one for each backend. */
function mirrorOf(...backends: Partial<Backend>[]): Mirror {
  const members = backends.map((backend, at) => ({
    position: at + 1,
    state: "up",
    backend: { inner: [], capabilities: { cold: false }, ...backend },
  }));
  return { members } as unknown as Mirror;
}

test("a mirror whose first member is on this machine reads without asking", () => {
  expect(distantMember(mirrorOf({}, { distant }))).toBeUndefined();
  expect(distantMember(mirrorOf())).toBeUndefined();
});

test("packs of a distant first member are brought by their names there; what others have is taken for near", async () => {
  // What is cold is read last, wherever it stands.
  const cold = { capabilities: { cold: true } } as Partial<Backend>;
  const found = distantMember(mirrorOf(cold, { inner: [{ inner: [], distant } as unknown as Backend] }, {}))!;
  found.expectNodes();
  expect([found.near("2:blobs-1"), found.near("2:blobs-2"), found.near("3:blobs-1")]).toEqual([
    false,
    true,
    true,
  ]);
  expect(await found.bring("2:blobs-1", 10, 20)).toBe(7);
  expect(await found.bring("3:blobs-1", 10, 20)).toBe(0);
  expect(asked).toEqual([["nodes"], ["blobs-1", 10, 20, undefined]]);
});
