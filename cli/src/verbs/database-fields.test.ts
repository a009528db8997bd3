/** What people see of a database's backup. */
import { expect, test } from "vitest";
import { describeDatabase } from "./database-fields.ts";

test("the moment, the tables that took long, and what became of rows", () => {
  const fields = {
    "pg.lsn": "0/1D65A50",
    "pg.snapshot-time": "2026-11-22T22:22:39.804Z",
    "pg.seconds": JSON.stringify({
      "public/quick.copy": 0.4,
      "public/some.copy": 2,
      "public/large.copy": 75,
    }),
    "pg.changes": JSON.stringify({ "public/large.copy": [1, 2000, 3] }),
  };
  expect(describeDatabase(fields)).toEqual([
    ["log position", "0/1D65A50  (2026-11-22T22:22:39.804Z)"],
    ["reading took", "public/large.copy 1 min 15 s, public/some.copy 2.0 s  (all sessions together)"],
    ["rows", "public/large.copy: 1 inserted, 2,000 updated, 3 deleted"],
  ]);
  expect(describeDatabase({})).toEqual([]);
  expect(describeDatabase({ "pg.seconds": "no JSON" })).toEqual([]);
});
