import { describe, expect, it } from "vitest";
import { applyKeepRules } from "./apply-keep-rules.ts";
import { hasKeepRule, type KeepRules } from "./keep-rules.ts";
import { parseKeepDuration } from "./parse-keep-duration.ts";

/** Times without a zone are UTC; `!` incomplete, `?` damaged, `*` pinned, `#a,b` tags. */
function series(text: string) {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => {
      const [, time = "", marks = "", tags = ""] = /^([^!?*#]+)([!?*]*)#?(.*)$/.exec(word) ?? [];
      return {
        name: time,
        time: new Date(time.endsWith("Z") || /\d[+-]\d\d:\d\d$/.test(time) ? time : `${time}Z`).toISOString(),
        complete: !marks.includes("!"),
        lost: marks.includes("?") ? ["/file"] : [],
        pinned: marks.includes("*"),
        tags: tags === "" ? [] : tags.split(","),
      };
    });
}

/** The kept ones, newest first, with their reasons but the one that every series has. */
function kept(backups: string, rules: KeepRules, timezone = "UTC"): string[] {
  return applyKeepRules(series(backups), rules, timezone)
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ backup, reasons }) => {
      const others = reasons.filter((reason) => reason !== "newest complete");
      return `${backup.name}${others.length > 0 ? `: ${others.join(", ")}` : ""}`;
    });
}

const DAYS = `2026-01-01T02:00 2026-01-02T02:00 2026-01-02T14:00 2026-01-03T02:00
  2026-01-05T02:00 2026-01-11T23:00 2026-01-12T01:00 2026-02-01T02:00`;

/** restic 0.14 keeps the same of the same list, newer ones too, which also keep the oldest. */
describe("as restic has it", () => {
  it.each<[string, KeepRules, string[]]>([
    ["last", { last: 2 }, ["2026-02-01T02:00: last", "2026-01-12T01:00: last"]],
    [
      "last of more than there are",
      { last: 99 },
      DAYS.trim()
        .split(/\s+/)
        .reverse()
        .map((t) => `${t}: last`),
    ],
    [
      "days without a backup do not count",
      { daily: 4 },
      [
        "2026-02-01T02:00: daily",
        "2026-01-12T01:00: daily",
        "2026-01-11T23:00: daily",
        "2026-01-05T02:00: daily",
      ],
    ],
    [
      "the newest of each day, and the oldest while days are left",
      { daily: 9 },
      [
        "2026-02-01T02:00: daily",
        "2026-01-12T01:00: daily",
        "2026-01-11T23:00: daily",
        "2026-01-05T02:00: daily",
        "2026-01-03T02:00: daily",
        "2026-01-02T14:00: daily",
        "2026-01-01T02:00: daily",
      ],
    ],
    [
      "weeks begin on Monday",
      { weekly: 3 },
      ["2026-02-01T02:00: weekly", "2026-01-12T01:00: weekly", "2026-01-11T23:00: weekly"],
    ],
    [
      "the oldest one, while months are left",
      { monthly: 3 },
      ["2026-02-01T02:00: monthly", "2026-01-12T01:00: monthly", "2026-01-01T02:00: oldest monthly"],
    ],
    ["years", { yearly: 1 }, ["2026-02-01T02:00: yearly"]],
    [
      "several rules, each by itself",
      { last: 1, monthly: 2 },
      ["2026-02-01T02:00: last, monthly", "2026-01-12T01:00: monthly"],
    ],
    [
      "within, from the newest",
      { within: parseKeepDuration("1m") },
      [
        "2026-02-01T02:00: within",
        "2026-01-12T01:00: within",
        "2026-01-11T23:00: within",
        "2026-01-05T02:00: within",
        "2026-01-03T02:00: within",
        "2026-01-02T14:00: within",
        "2026-01-02T02:00: within",
      ],
    ],
    ["within hours", { within: parseKeepDuration("1h") }, ["2026-02-01T02:00: within"]],
  ])("%s", (_, rules, expected) => expect(kept(DAYS, rules)).toEqual(expected));

  it("unlimited keeps every period", () => {
    expect(kept(DAYS, { daily: "unlimited" })).toHaveLength(7);
    expect(kept(DAYS, { last: "unlimited" })).toHaveLength(8);
  });

  it("tags: all of one list", () => {
    const list = "2026-01-01T00:00#a 2026-01-02T00:00#a,b 2026-01-03T00:00#c 2026-01-04T00:00";
    expect(kept(list, { tags: [["a", "b"], ["c"]] })).toEqual([
      "2026-01-04T00:00",
      "2026-01-03T00:00: tag c",
      "2026-01-02T00:00: tag a,b",
    ]);
  });
});

describe("what no rule takes", () => {
  it("the newest complete backup, and pinned ones", () => {
    const list = "2026-01-01T00:00* 2026-01-02T00:00 2026-01-03T00:00 2026-01-04T00:00!";
    expect(kept(list, { last: 1 })).toEqual([
      "2026-01-04T00:00!: last".replace("!", ""),
      "2026-01-03T00:00",
      "2026-01-01T00:00: pinned",
    ]);
  });

  it("the newest, when none is complete", () => {
    expect(
      applyKeepRules(series("2026-01-01T00:00! 2026-01-02T00:00!"), { tags: [["x"]] }, "UTC").map(
        ({ reasons }) => reasons,
      ),
    ).toEqual([["newest"], []]);
  });

  it("the newest one that is not damaged, when the newest complete one is", () => {
    const list = "2026-01-01T00:00 2026-01-02T00:00 2026-01-03T00:00! 2026-01-04T00:00? 2026-01-05T00:00?";
    expect(kept(list, { last: 1 })).toEqual(["2026-01-05T00:00: last", "2026-01-02T00:00: newest intact"]);
    expect(kept("2026-01-01T00:00? 2026-01-02T00:00?", { last: 1 })).toEqual(["2026-01-02T00:00: last"]);
  });

  it("nothing of nothing", () => expect(applyKeepRules([], { last: 1 }, "UTC")).toEqual([]));
});

it("a day whose newest backup is incomplete keeps its newest complete one as well", () => {
  const list = "2026-01-01T01:00 2026-01-01T02:00 2026-01-01T03:00! 2026-01-02T00:00";
  expect(kept(list, { daily: 2 })).toEqual([
    "2026-01-02T00:00: daily",
    "2026-01-01T03:00: daily",
    "2026-01-01T02:00: daily complete",
  ]);
});

it("a day whose newest backup is damaged keeps its newest intact one as well", () => {
  const list = "2026-01-01T01:00 2026-01-01T02:00 2026-01-01T03:00! 2026-01-01T04:00? 2026-01-02T00:00";
  expect(kept(list, { daily: 2 })).toEqual([
    "2026-01-02T00:00: daily",
    "2026-01-01T04:00: daily",
    "2026-01-01T02:00: daily complete",
  ]);
});

describe("calendars", () => {
  it("count days in the zone that is given", () => {
    const list = "2026-01-01T22:30 2026-01-01T23:30";
    expect(kept(list, { daily: 9 }, "UTC")).toHaveLength(2);
    expect(kept(list, { daily: 1 }, "UTC")).toEqual(["2026-01-01T23:30: daily"]);
    expect(kept(list, { daily: 9 }, "Europe/Berlin")).toEqual([
      "2026-01-01T23:30: daily",
      "2026-01-01T22:30: daily",
    ]);
    expect(kept("2026-06-30T21:30 2026-06-30T22:30", { monthly: 1 }, "Europe/Berlin")).toEqual([
      "2026-06-30T22:30: monthly",
    ]);
    expect(kept("2025-12-31T10:30 2025-12-31T11:30", { yearly: 1 }, "Pacific/Kiritimati")).toEqual([
      "2025-12-31T11:30: yearly",
    ]);
  });

  it("an hour that happens twice is two hours", () => {
    const list =
      "2026-10-25T02:30+02:00 2026-10-25T02:45+02:00 2026-10-25T02:30+01:00 2026-10-25T03:30+01:00";
    expect(kept(list, { hourly: 3 }, "Europe/Berlin").map((one) => one.slice(11))).toEqual([
      "03:30+01:00: hourly",
      "02:30+01:00: hourly",
      "02:45+02:00: hourly",
    ]);
  });

  it("a day of 23 or 25 hours is one day", () => {
    const short = "2026-03-28T23:30 2026-03-29T00:30 2026-03-29T21:30";
    expect(kept(short, { daily: 1 }, "Europe/Berlin")).toEqual(["2026-03-29T21:30: daily"]);
    expect(kept("2026-10-24T22:00 2026-10-25T22:59", { daily: 1 }, "Europe/Berlin")).toEqual([
      "2026-10-25T22:59: daily",
    ]);
    expect(kept("2026-10-24T22:00 2026-10-25T23:00", { daily: 2 }, "Europe/Berlin")).toHaveLength(2);
  });

  it("within counts days on the calendar, hours as they pass", () => {
    // Noon to noon is 25 hours here.
    const list = "2026-10-24T10:30 2026-10-24T11:30 2026-10-25T11:00";
    expect(kept(list, { within: parseKeepDuration("1d") }, "Europe/Berlin")).toHaveLength(3);
    expect(kept(list, { within: parseKeepDuration("24h") }, "Europe/Berlin")).toHaveLength(2);
  });

  it("weeks go over the end of the year", () => {
    expect(kept("2026-12-28T00:00 2027-01-03T23:59", { weekly: 1 })).toEqual(["2027-01-03T23:59: weekly"]);
    expect(kept("2026-12-27T23:59 2026-12-28T00:00 2027-01-04T00:00", { weekly: 2 })).toEqual([
      "2027-01-04T00:00: weekly",
      "2026-12-28T00:00: weekly",
    ]);
  });
});

describe("durations", () => {
  it.each([
    ["1y6m", { years: 1, months: 6, days: 0, hours: 0 }],
    ["2w3d", { years: 0, months: 0, days: 17, hours: 0 }],
    ["12h", { years: 0, months: 0, days: 0, hours: 12 }],
  ])("%s", (text, expected) => expect(parseKeepDuration(text)).toEqual(expected));

  it.each(["", "0d", "7", "d", "1h1d", "-1d", "1.5d", "1x"])("'%s' is none", (text) =>
    expect(() => parseKeepDuration(text)).toThrow(expect.objectContaining({ code: "USAGE" })),
  );
});

it("no rule is no rule", () => {
  for (const rules of [{}, { last: 0 }, { tags: [] }, { within: { years: 0, months: 0, days: 0, hours: 0 } }])
    expect(hasKeepRule(rules)).toBe(false);
  for (const rules of [{ last: 1 }, { yearly: "unlimited" as const }, { tags: [["x"]] }])
    expect(hasKeepRule(rules)).toBe(true);
});
