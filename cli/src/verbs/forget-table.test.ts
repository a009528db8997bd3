import { type Backup, zoneOffsetMs } from "@datadb/client";
import { expect, test } from "vitest";
import { forgetTable } from "./forget-table.ts";

const decision = (time: string, ...reasons: string[]) => ({
  backup: { id: "ab".repeat(32), time } as Partial<Backup> as Backup,
  reasons,
});
const series = {
  decisions: [
    decision("2026-10-25T01:30:00.000Z", "newest complete", "hourly"),
    decision("2026-10-25T00:30:00.000Z"),
    decision("2026-10-24T22:01:00.000Z", "daily"),
  ],
};

test("times are those of the zone that periods are counted in, whatever this process has", () => {
  const berlin = (instant: number): number => zoneOffsetMs(instant, "Europe/Berlin");
  expect(forgetTable(series, true, berlin)).toEqual([
    "  keep    abababab  2026-10-25 02:30:00  newest complete, hourly",
    "  remove  abababab  2026-10-25 02:30:00",
    "  keep    abababab  2026-10-25 00:01:00  daily",
  ]);
  expect(forgetTable(series, false, () => 0)).toEqual(["  remove  abababab  2026-10-25 00:30:00"]);
});
