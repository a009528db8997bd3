/** Tables are filled after those that they refer to, and circles are opened where that costs least. */
import { expect, test } from "vitest";
import { type ForeignKey, foreignKeyOrder } from "./foreign-key-order.ts";

const table = (name: string) => ({ schema: "s", name });
const key = (from: string, to: string, deferrable = false): ForeignKey => ({
  name: `${from}_${to}`,
  from: table(from),
  to: table(to),
  deferrable,
});

function order(names: string, keys: ForeignKey[]): [string, string[]] {
  const { tables, deferred } = foreignKeyOrder(names.split("").map(table), keys);
  return [tables.map(({ name }) => name).join(""), deferred.map(({ name }) => name)];
}

test("referred-to tables come first; a table may refer to itself and to tables that are not restored", () => {
  expect(order("abcd", [key("a", "b"), key("b", "c"), key("a", "c"), key("b", "b"), key("c", "z")])).toEqual([
    "cdba",
    [],
  ]);
});

test("a circle is opened at a key that can wait", () => {
  expect(order("abc", [key("a", "b"), key("b", "c", true), key("c", "a")])).toEqual(["bac", ["b_c"]]);
  const [, deferred] = order("ab", [key("a", "b"), key("b", "a"), key("a", "b")]);
  expect(deferred).toHaveLength(1);
});
