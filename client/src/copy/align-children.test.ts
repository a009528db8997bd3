import { expect, test } from "vitest";
import { alignChildren, counterparts, piecesOf, type Run } from "./align-children.ts";
import type { Child } from "./node-children.ts";

const child = (name: string, bytes = 10, entry?: string): Child => ({
  kind: "data",
  name: Buffer.from(name),
  bytes,
  ...(entry === undefined ? {} : { entry }),
});
const children = (names: string): Child[] => names.split(" ").map((name) => child(name));
const shown = ({ now, before }: Run): string =>
  `${now.map(({ name }) => name).join(" ")} < ${before.map(({ name }) => name).join(" ")}`;
const bases = (run: Run): string =>
  counterparts(run)
    .map((one) => one?.name.toString() ?? "-")
    .join(" ");

test("what changed corresponds to what lay between the same neighbours", () => {
  const runs = alignChildren(children("a B c D E f G"), children("a b c d1 d2 f"));
  expect(runs.map(shown)).toEqual(["B < b", "D E < d1 d2", "G < ", "a c f < "]);
  expect(runs.map(bases)).toEqual(["b", "d1 d2", "-", "- - -"]);
});

test("of a row each corresponds to what lay where its middle is", () => {
  const run = { now: [child("A", 5), child("B", 25), child("C", 10)], before: children("a b c d") };
  expect(bases(run)).toBe("a b d");
});

test("what is appended resembles the end, up to a point", () => {
  const now = Array.from({ length: 30 }, (_, i) => child(`N${i}`, 1 << 20));
  const found = counterparts({ now, before: [child("end", 1 << 20)] });
  expect(found[1]?.name.toString()).toBe("end");
  expect(found.at(-1)).toBeNull();
});

test("entries correspond by name, whatever comes between them", () => {
  const now = [child("X", 1, "x"), child("Z", 1, "z"), child("Y", 1, "y"), child("s", 1, "same")];
  const before = [child("s", 1, "same"), child("y", 1, "y"), child("x", 1, "x")];
  expect(alignChildren(now, before).map(shown)).toEqual(["X < x", "Z < ", "Y < y", "s < "]);
});

test("pieces leave out what is not wanted, and have the neighbours of what lay in their place", () => {
  const run = { now: children("A B C D E F"), before: children("a b c d e f") };
  const wanted = ({ name }: Child): boolean => name.toString() !== "B";
  expect(piecesOf(run, wanted, 2).map(shown)).toEqual(["A < a b c", "C D < a b c d e f", "E F < c d e f"]);
  expect(piecesOf(run, () => true, 6).map(shown)).toEqual(["A B C D E F < a b c d e f"]);
  expect(piecesOf({ ...run, before: children("a") }, wanted, 2).map(shown)).toEqual([
    "A < a",
    "C D < a",
    "E F < a",
  ]);
});
