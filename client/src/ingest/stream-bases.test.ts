import { hashOf, ListBuilder, type ListEntry, type StreamRef } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import { streamBases } from "./stream-bases.ts";

const HASH = "sha256";
const nameOf = (label: string): Buffer => hashOf(HASH, Buffer.from(label));
const LENGTH = 1000;

/** Chunks by label: `a1` to `a9`, 1,000 bytes each unless said otherwise. A hole has no label. */
function chunks(labels: readonly (string | null)[], lengths: Record<string, number> = {}): ListEntry[] {
  return labels.map((label) => ({
    name: label === null ? null : nameOf(label),
    length: label === null ? LENGTH : (lengths[label] ?? LENGTH),
  }));
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `a${i}`);

/** For each chunk of `next` the label of its base in `previous`. */
async function basesOf(
  previous: readonly ListEntry[],
  next: readonly ListEntry[],
  hints: Record<number, string> = {},
): Promise<(string | undefined)[]> {
  const nodes = new Map<string, Buffer>();
  const builder = new ListBuilder(HASH, (name, content) => void nodes.set(name.toString("hex"), content));
  for (const entry of previous) builder.add(entry);
  const { ref, bytes } = builder.finish();
  const fetch = async (names: Buffer[]) => names.map((name) => nodes.get(name.toString("hex")) ?? null);
  const bases = await streamBases(fetch, HASH, ref, bytes);
  const labels = new Map(numbered(5000).map((label) => [nameOf(label).toString("hex"), label]));
  const found: (string | undefined)[] = [];
  for (const [i, { name, length }] of next.entries()) {
    if (i % 500 === 0) await bases.readOn();
    if (name === null) bases.hole(length);
    else {
      const hint = hints[i];
      const base = bases.chunk(name, length, hint === undefined ? undefined : nameOf(hint));
      found.push(base && labels.get(base.toString("hex")));
    }
  }
  return found;
}

describe("the base of a changed chunk", () => {
  const before = numbered(40);

  test("is the one that followed the last unchanged one, and unchanged ones have none", async () => {
    const next = before.with(7, "x").with(20, "y").with(21, "z");
    const found = await basesOf(chunks(before), chunks(next));
    const expected = before.map((label, i) => ([7, 20, 21].includes(i) ? label : undefined));
    expect(found).toEqual(expected);
  });

  test("is found after insertions and deletions moved everything", async () => {
    const next = ["new1", "new2", ...before.slice(0, 5), ...before.slice(12)].with(20, "x");
    const found = await basesOf(chunks(before), chunks(next));
    expect(found[20]).toBe(before[25]);
  });

  test("is the one it overlaps most when a chunk was split or two were joined", async () => {
    const split = ["a0", "x", "y", "a2", "z", "a4"];
    expect(await basesOf(chunks(before.slice(0, 5)), chunks(split, { x: 400, y: 600 }))).toEqual([
      undefined,
      "a1",
      "a1",
      undefined,
      "a3",
      undefined,
    ]);
    const joined = ["a0", "x", "y", "a4"];
    const lengths = { x: 2000, y: 990 };
    const found = await basesOf(chunks(before.slice(0, 5)), chunks(joined, lengths));
    expect([found[1], found[2]]).toEqual(["a1", "a3"]);
  });

  test("does not drift when every chunk became a little shorter", async () => {
    const next = before.map((_, i) => `x${i}`);
    const lengths = Object.fromEntries(next.map((label) => [label, 970]));
    expect(await basesOf(chunks(before), chunks(next, lengths))).toEqual(before);
  });

  test("is the last one for what was appended, but not for a flood", async () => {
    const next = [...before.slice(0, 39), "x", "y", "flood", "z"];
    const found = await basesOf(chunks(before), chunks(next, { flood: 20 << 20 }));
    expect(found.slice(39)).toEqual(["a39", "a39", "a39", undefined]);
  });

  test("is what the source says, and what follows goes on from there", async () => {
    const next = before.with(3, "x").with(4, "y");
    const found = await basesOf(chunks(before), chunks(next), { 3: "a30" });
    expect([found[3], found[4]]).toEqual(["a30", "a31"]);
    expect(await basesOf(chunks(before), chunks(next), { 3: "a4500" })).toContain("a4500");
    // A hint for a chunk that is unchanged says nothing.
    expect((await basesOf(chunks(before), chunks(before), { 3: "a30" }))[3]).toBeUndefined();
  });

  test("content that is in many places leads nowhere", async () => {
    const zeros = Array.from({ length: 10 }, () => "a4000");
    const previous = [...zeros, ...before, ...zeros];
    const next = [...zeros, ...before.with(5, "x"), ...zeros];
    expect((await basesOf(chunks(previous), chunks(next))).indexOf("a5")).toBe(15);
  });

  test("holes keep their place", async () => {
    const previous = ["a0", null, "a1", "a2", null, "a3"];
    const next = ["a0", null, "x", "a2", null, "y"];
    expect(await basesOf(chunks(previous), chunks(next))).toEqual([undefined, "a1", undefined, "a3"]);
  });

  test("a list with missing nodes gives what is left", async () => {
    const fetch = async (names: Buffer[]) => names.map(() => null);
    const ref: StreamRef = { list: nameOf("gone") };
    const bases = await streamBases(fetch, HASH, ref, 100);
    expect(bases.chunk(nameOf("x"), 10)).toBeUndefined();
  });
});
