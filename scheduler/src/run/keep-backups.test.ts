import type { Backup } from "@datadb/client";
import { expect, test } from "vitest";
import { expired } from "./keep-backups.ts";

let serial = 0;
/** Newest first, an hour apart. */
const backup = (more: Partial<Backup> & { job?: string | null } = {}): Backup => {
  const { job = "etc", ...fields } = more;
  const number = serial++;
  return {
    id: String(number),
    time: new Date(Date.UTC(2026, 5, 30) - number * 3_600_000).toISOString(),
    complete: true,
    lost: [],
    pinned: false,
    tags: [],
    meta: job === null ? {} : { scheduler: { job, group: "g" } },
    ...fields,
  } as Partial<Backup> as Backup;
};
const gone = (backups: Backup[], last: number): number[] => {
  const ids = expired(backups, "etc", { rules: { last }, timezone: "UTC" }).map(({ id }) => id);
  return ids.map((id) => backups.findIndex((one) => one.id === id));
};

test("the last so many stay, the oldest goes first", () => {
  const five = Array.from({ length: 5 }, () => backup());
  expect(gone(five, 3)).toEqual([4, 3]);
  expect(gone(five, 5)).toEqual([]);
});

test("backups of other jobs, by hand, and pinned ones are not removed, and those of others do not count", () => {
  const all = [backup({ job: null }), backup({ job: "other" }), backup(), backup({ pinned: true }), backup()];
  expect(gone(all, 1)).toEqual([4]);
});

test("incomplete ones push no complete one out, and do not grow for ever", () => {
  const partial = Array.from({ length: 10 }, () => backup({ complete: false }));
  const whole = [backup(), backup(), backup()];
  expect(gone([...partial, ...whole], 2).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 12]);
});

test("damaged ones push no whole one out either", () => {
  const damaged = [backup({ lost: ["/file"] }), backup({ lost: ["/file"] }), backup({ lost: ["/file"] })];
  expect(gone([...damaged, backup(), backup(), backup()], 2).sort((a, b) => a - b)).toEqual([2, 5]);
});
