import type { Backup } from "@datadb/client";
import { describe, expect, it } from "vitest";
import { backupAt, daysOf } from "./backup-at.ts";
import { labelSeries } from "./series-labels.ts";
import { noticeText } from "./views.ts";

const backup = (fields: Partial<Backup>): Backup =>
  ({
    id: "00",
    snapshot: Buffer.from(`${fields.host ?? "h"}${fields.path ?? "/p"}`).toString("hex"),
    name: "docs",
    host: "h",
    path: "/p",
    time: "2026-01-01T00:00:00.000Z",
    type: "directory",
    source: "files",
    ref: "",
    size: 0,
    entries: 0,
    complete: true,
    unreadable: [],
    unreadableCount: 0,
    meta: {},
    tags: [],
    pinned: false,
    fields: {},
    ...fields,
  }) as Backup;

describe("labels", () => {
  const labels = (...all: Partial<Backup>[]): string[] => [...labelSeries(all.map(backup)).keys()];

  it("are the names, where they are alone", () =>
    expect(labels({ name: "docs" }, { name: "mail", path: "/m" })).toEqual(["docs", "mail"]));

  it("have host and id only where two would be the same", () => {
    expect(labels({ host: "a" }, { host: "b" }, { name: "mail", path: "/m" })).toEqual([
      "docs@a",
      "docs@b",
      "mail",
    ]);
    expect(
      labels({ path: "/1", snapshot: "1".repeat(64) }, { path: "/2", snapshot: "2".repeat(64) }),
    ).toEqual([`docs@h@${"1".repeat(12)}`, `docs@h@${"2".repeat(12)}`]);
    // A name that looks like another's label is no match for it.
    expect(labels({ host: "a" }, { host: "b" }, { name: "docs@a", path: "/m" })).toEqual([
      "docs%40a",
      "docs@a",
      "docs@b",
    ]);
  });

  it("are one for each name that backups of a series have", () => {
    const [newest, other, oldest] = ["base", "evening", "base"].map((name) => backup({ name }));
    const found = labelSeries([newest!, other!, oldest!]);
    expect([...found].map(([label, { backups }]) => [label, backups])).toEqual([
      ["base", [newest, oldest]],
      ["evening", [other]],
    ]);
    expect(labels({ name: `${"x".repeat(300)}1` }, { name: `${"x".repeat(300)}2` })).toHaveLength(2);
  });

  it("can be names of files, whatever they are of", () => {
    const odd = labels(
      { name: "..", path: "/1" },
      { name: "a/b", path: "/2" },
      { name: "", path: "/3" },
      { name: "x".repeat(300), path: "/4" },
    );
    expect(new Set(odd).size).toBe(4);
    for (const label of odd) expect(label).toMatch(/^(?!\.{0,2}$)[^/\0]{1,255}$/);
  });
});

describe("at", () => {
  // Berlin sets its clocks back at 01:00 UTC: 02:00 to 03:00 happens twice.
  const times = [
    "2026-10-24T22:30",
    "2026-10-25T00:30",
    "2026-10-25T01:30",
    "2026-10-25T02:30",
    "2026-11-01T12:00",
  ];
  const backups = times.map((time) => backup({ time: `${time}:00.000Z` })).reverse();
  const at = (text: string): string | undefined =>
    backupAt(backups, text, "Europe/Berlin", Date.parse("2027-01-01T00:00:00Z"))?.time.slice(0, 16);

  it.each([
    ["2026", "2026-11-01T12:00"],
    ["2026-10", "2026-10-25T02:30"],
    ["2026-10-25", "2026-10-25T02:30"],
    ["2026-10-25T00", "2026-10-24T22:30"],
    ["2026-10-25T02", "2026-10-25T01:30"],
    ["2026-10-25T02:30", "2026-10-25T01:30"],
    ["2026-10-25T02:29", "2026-10-25T00:30"],
    ["2026-10-25T02:30:00", "2026-10-25T01:30"],
    ["2026-10-25T02:30+02:00", "2026-10-25T00:30"],
    ["2026-10-25T02:30+01", "2026-10-25T01:30"],
    ["2026-10-25T00:30:00.000Z", "2026-10-25T00:30"],
    ["2026-10-25 03:30", "2026-10-25T02:30"],
    ["2026-10-24", undefined],
    ["2025", undefined],
    ["yesterday", undefined],
    ["2026-13", undefined],
  ])("%s", (text, expected) => expect(at(text)).toBe(expected));

  it("lists the days of the time zone, each of which leads to a backup of that day", () => {
    expect(daysOf(backups, "Europe/Berlin")).toEqual(["2026-11-01", "2026-10-25"]);
    expect(daysOf(backups, "UTC")).toEqual(["2026-11-01", "2026-10-25", "2026-10-24"]);
  });
});

it("says what an incomplete backup lacks", () => {
  const text = noticeText(backup({ complete: false, unreadable: ["a/b"], unreadableCount: 3 }));
  expect(text).toBe(
    "The backup of docs of 2026-01-01T00:00:00.000Z is incomplete: 3 of its entries could not be read.\n  a/b\n  and 2 more\n",
  );
});
