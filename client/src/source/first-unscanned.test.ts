import fc from "fast-check";
import { expect, test } from "vitest";
import { type DirectoryState, newDirectory } from "./directory-state.ts";
import { firstUnscanned } from "./first-unscanned.ts";

/** A directory called by its place in the walk: "2.0" is the first one in the third one. */
function directory(name: string, begun: boolean, children: DirectoryState[] = []): DirectoryState {
  const unit = { path: name, relative: name, below: name, source: 0, name, ignores: [], device: undefined };
  return { ...newDirectory(unit, undefined, () => {}), begun, children };
}

interface Node {
  begun: boolean;
  children: Node[];
}

const names = (states: readonly DirectoryState[]): string[] => states.map(({ unit }) => unit.name);

test("children of what is scanned come before its later siblings", () => {
  const scanned = directory("0", true, [
    directory("0.0", true, [directory("0.0.0", false)]),
    directory("0.1", false),
    directory("0.2", true),
  ]);
  const stack = [directory("2", false), directory("1", false), scanned];
  expect(names(firstUnscanned(stack, 10))).toEqual(["0.0.0", "0.1", "1", "2"]);
  expect(names(firstUnscanned(stack, 2))).toEqual(["0.0.0", "0.1"]);
  expect(firstUnscanned(stack, 0)).toEqual([]);
});

test("the result is the head of the walk's order of everything that is not begun", () => {
  const tree: fc.Memo<Node> = fc.memo((depth) =>
    fc.record({
      begun: fc.boolean(),
      children: depth <= 1 ? fc.constant([]) : fc.array(tree(depth - 1), { maxLength: 4 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(tree(4), { maxLength: 5 }), fc.nat(12), (forest, most) => {
      const expected: string[] = [];
      const grow = (node: Node, name: string): DirectoryState => {
        if (!node.begun) expected.push(name);
        // What is not scanned has no children yet.
        const below = node.begun ? node.children : [];
        return directory(
          name,
          node.begun,
          below.map((child, i) => grow(child, `${name}.${i}`)),
        );
      };
      const stack = forest.map((node, i) => grow(node, `${i}`)).reverse();
      expect(names(firstUnscanned(stack, most))).toEqual(expected.slice(0, most));
    }),
    { seed: Number(process.env["DATADB_TEST_SEED"] ?? 1) },
  );
});
