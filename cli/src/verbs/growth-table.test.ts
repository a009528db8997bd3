import type { Backup } from "@datadb/client";
import { expect, test } from "vitest";
import { growthRecord, growthTable } from "./growth-table.ts";

const backup = (fields: Record<string, string>): Backup => ({
  id: "ab".repeat(32),
  snapshot: "cd".repeat(32),
  name: "docs",
  host: "web1",
  path: "/docs",
  time: "2026-01-02T03:04:05.000Z",
  type: "directory",
  source: "files",
  ref: "ef".repeat(32),
  size: 5 << 20,
  entries: 3,
  complete: true,
  pinned: false,
  lost: [],
  unreadable: [],
  unreadableCount: 0,
  meta: {},
  tags: [],
  fields,
});

test("growth is what the backup's fields say, and a dash or null where they do not", () => {
  const known = backup({ added: "2097152", stored: "1024" });
  const [headings, first, second] = growthTable([known, backup({ added: "x" })], (text) => text);
  expect(headings).toMatch(/SIZE +NEW +STORED/);
  expect(first).toMatch(/^abababab .* web1 +docs +5\.00 MiB +2\.00 MiB +1\.00 KiB$/);
  expect(second).toMatch(/5\.00 MiB +- +-$/);
  expect(growthTable([], (text) => text)).toEqual([]);
  expect(growthRecord(known)).toMatchObject({ type: "growth", size: 5242880, new: 2097152, stored: 1024 });
  expect(growthRecord(backup({}))).toMatchObject({ new: null, stored: null });
});
