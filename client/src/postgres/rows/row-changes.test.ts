/** Rows inserted, updated and deleted are counted exactly, whatever chunks they are in. */
import { encodeBlob, hashOf, ListBuilder } from "@datadb/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Connection } from "../../connection.ts";
import { rowChanges, type TableVersion } from "./row-changes.ts";
import type { RowChanges } from "./row-matcher.ts";

/** A store of blobs in memory, and streams in it. */
function memory() {
  const blobs = new Map<string, Buffer>();
  const put = (content: Buffer): Buffer => {
    const name = hashOf("sha256", content);
    blobs.set(name.toString("hex"), content);
    return name;
  };
  const connection = {
    local: {
      getRecords: async (kind: "data" | "node", names: readonly Buffer[]) =>
        names.map((name) => {
          const content = blobs.get(name.toString("hex"));
          return content === undefined ? null : encodeBlob(kind, name, content);
        }),
    },
  } as unknown as Connection;
  const version = (chunks: readonly string[]): TableVersion => {
    const list = new ListBuilder("sha256", (_name, content) => void put(content));
    for (const chunk of chunks) list.add({ name: put(Buffer.from(chunk)), length: Buffer.byteLength(chunk) });
    const { ref, bytes } = list.finish();
    return { ref, bytes };
  };
  return { connection, version };
}

async function changes(before: string[], after: string[], fields: number[] | null): Promise<RowChanges> {
  const { connection, version } = memory();
  return await rowChanges(connection, "sha256", version(before), version(after), fields);
}

const rows = (...ids: (string | number)[]): string => ids.map((id) => `${id}\ttext of ${id}\n`).join("");

test("a key finds the row again", async () => {
  const before = [rows(1, 2, 3), rows(4, 5, 6), rows(7, 8)];
  expect(await changes(before, before, [0])).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  const after = [rows(1, 2, 3), rows(4).concat("5\tchanged\n"), rows(7, 8, 9, 10)];
  expect(await changes(before, after, [0])).toEqual({ inserted: 2, updated: 1, deleted: 1 });
  expect(await changes(after, before, [0])).toEqual({ inserted: 1, updated: 1, deleted: 2 });
});

test("rows that only moved to another chunk did not change", async () => {
  expect(await changes([rows(1, 2), rows(3, 4)], [rows(1), rows(2, 3), rows(4)], [0])).toEqual({
    inserted: 0,
    updated: 0,
    deleted: 0,
  });
});

test("without a key a changed row is another one; from and to nothing all are counted", async () => {
  expect(await changes(["a\nb\n"], ["a\nc\n"], null)).toEqual({ inserted: 1, updated: 0, deleted: 1 });
  expect(await changes([], [rows(1, 2, 3)], [0])).toEqual({ inserted: 3, updated: 0, deleted: 0 });
  expect(await changes([rows(1, 2, 3)], [], [0])).toEqual({ inserted: 0, updated: 0, deleted: 3 });
});

test("the same row several times is counted as often", async () => {
  expect(await changes(["a\na\na\n"], ["a\na\nb\n"], null)).toEqual({ inserted: 1, updated: 0, deleted: 1 });
  expect(await changes(["a\na\n"], ["a\na\na\na\n"], null)).toEqual({ inserted: 2, updated: 0, deleted: 0 });
  expect(await changes(["a\n", "a\n"], ["a\n"], null)).toEqual({ inserted: 0, updated: 0, deleted: 1 });
});

test("the key may be any fields, and a row may go on in the next chunk", async () => {
  const before = ["x\t1\ty\tlong ", "row\n", "x\t2\ty\tz\n"];
  expect(await changes(before, ["x\t1\ty\tlonger ", "row\n", "x\t2\ty\tz\n"], [1, 2])).toEqual({
    inserted: 0,
    updated: 1,
    deleted: 0,
  });
});

test("property: without a key, what is counted is what differs between two bags, whatever the chunks", async () => {
  const chunk = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
  const table = fc.array(chunk, { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(table, table, async (a, b) => {
      const texts = (rows: string[][]): string[] => rows.map((one) => one.map((row) => `${row}\n`).join(""));
      const difference = (more: string[][], less: string[][]): number =>
        ["a", "b", "c"]
          .map((row) => [more, less].map((side) => side.flat().filter((one) => one === row).length))
          .reduce((sum, [one, other]) => sum + Math.max(0, one! - other!), 0);
      expect(await changes(texts(a), texts(b), null)).toEqual({
        inserted: difference(b, a),
        updated: 0,
        deleted: difference(a, b),
      });
    }),
    { seed: Number(process.env["DATADB_TEST_SEED"] ?? 1), numRuns: 300 },
  );
});
