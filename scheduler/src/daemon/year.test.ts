/**
 * A year of a daemon on a fake clock: changes of clocks in several zones, sleep, kills, restarts, jumps, reloads. Every
 * due time has exactly one run, or is caught up by the next one as configured.
 */
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { ON_TIME_MS } from "../schedule/decide.ts";
import { civilDueTimes } from "../testing/civil-due-times.ts";
import { type FakeWorld, fakeWorld, type SeenRun } from "../testing/fake-world.ts";
import { testConfig } from "../testing/test-config.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FROM = Date.UTC(2026, 0, 1);
const UNTIL = Date.UTC(2027, 0, 1);
const POLL_MS = 30 * MINUTE;
/** The daemon notices a jump when it looks again. */
const SLACK_MS = POLL_MS + 1000;

const ZONED = [
  { name: "berlin", zone: "Europe/Berlin", cron: "30 2 * * *", minute: 30, hour: 2 },
  { name: "new-york", zone: "America/New_York", cron: "30 1 * * *", minute: 30, hour: 1, anacron: false },
  { name: "lord-howe", zone: "Australia/Lord_Howe", cron: "15 2 * * *", minute: 15, hour: 2 },
  { name: "santiago", zone: "America/Santiago", cron: "0 0 * * *", minute: 0, hour: 0 },
  {
    name: "sundays",
    zone: "Africa/Cairo",
    cron: "0 4 * * 0",
    minute: 0,
    hour: 4,
    weekday: 0,
    anacron: false,
  },
  { name: "hourly", zone: "Europe/Berlin", cron: "7 * * * *", minute: 7, source: "/shared" },
  { name: "long", zone: "UTC", cron: "10 * * * *", minute: 10, source: "/shared", takes: 40 * MINUTE },
  { name: "longer", zone: "UTC", cron: "20 * * * *", minute: 20, takes: 100 * MINUTE },
  { name: "late", zone: "Europe/Berlin", cron: "0 3 * * *", minute: 0, hour: 3, jitter: "90m" },
];

const yaml = (note: string): string => `
store: /store
concurrency: 20
http: false
jobs:
${ZONED.map(
  ({ name, zone, cron, anacron = true, source = `/${name}`, jitter = "0s" }) =>
    `  - { name: ${name}, source: ${source}, cron: "${cron}", timezone: ${zone}, anacron: ${anacron}, jitter: ${jitter} }`,
).join("\n")}
  - { name: six-hours, source: /six, every: 6h, tags: ["${note}"] }
  - { name: two-hours, source: /two, every: 2h, anacron: false }
`;

const seed = Number(process.env["DATADB_TEST_SEED"] ?? randomInt(2 ** 30));

function random(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** A stretch of wall time in which the daemon was up and the clock went evenly; times seen before are not counted again. */
interface Stretch {
  from: number;
  until: number;
}

/** Lives through the year; returns the stretches. */
async function live(world: FakeWorld, below: (n: number) => number): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  let from = FROM;
  let highest = FROM;
  const cut = (): void => {
    const now = world.clock.now();
    if (now > Math.max(from, highest)) stretches.push({ from: Math.max(from, highest), until: now });
    highest = Math.max(highest, now);
  };
  const resume = (): void => {
    from = world.clock.now();
  };
  world.start(testConfig(yaml("first")));
  while (world.clock.now() < UNTIL) {
    await world.pass(DAY + below(3 * DAY));
    cut();
    const kind = below(6);
    if (kind === 0) world.clock.jump(10 * MINUTE + below(3 * DAY));
    else if (kind === 1) world.clock.jump(-below(2 * HOUR));
    else if (kind === 2) {
      world.daemon!.reload(testConfig(yaml(`at ${world.clock.now()}`)));
      expect(() => testConfig(yaml("wrong").replace("every: 2h", "every: 2"))).toThrow("line 16");
    } else {
      if (kind === 3) await world.stop();
      else world.kill();
      await world.pass(below(4) === 0 ? 0 : below(2 * DAY));
      world.start(testConfig(yaml("again")));
    }
    resume();
  }
  cut();
  await world.stop();
  return stretches;
}

const iso = (time: number): string => new Date(time).toISOString();

test("every due time is run once, or caught up as configured", async () => {
  const below = random(seed);
  const takes = new Map(ZONED.map(({ name, takes }) => [name, takes]));
  const world = fakeWorld(FROM, {
    pollMs: POLL_MS,
    run: ({ name }) => ({
      takes: takes.get(name) ?? below(3 * MINUTE),
      outcome: below(20) === 0 ? "failure" : "success",
    }),
  });
  const stretches = await live(world, below);
  const why = `seed ${seed}`;
  for (const { name, zone, cron: _, anacron = true, jitter, takes: __, source, ...fields } of ZONED) {
    const runs = world.runs.filter(({ job }) => job === name);
    const dues = civilDueTimes({ zone, ...fields }, FROM, UNTIL + 7 * DAY).filter((due) => due > FROM);
    const context = `${why}, ${name}`;
    expectOnce(runs, anacron, context);
    const due = new Set(dues);
    const invented = runs.filter(({ planned }) => !due.has(planned));
    expect(invented, `${context}: no due times`).toEqual([]);
    // What waits for its source, runs longer than its schedule or starts late on purpose is looked at below.
    if (source || jitter || name === "longer") continue;
    expectEveryDue(runs, dues, stretches, anacron, context);
  }
  expectTurns(
    world.runs.filter(({ job }) => job === "hourly" || job === "long"),
    why,
  );
  expectTurns(
    world.runs.filter(({ job }) => job === "longer"),
    why,
  );
  expectIntervals(
    world.runs.filter(({ job }) => job === "six-hours"),
    6 * HOUR,
    why,
  );
  expectIntervals(
    world.runs.filter(({ job }) => job === "two-hours"),
    2 * HOUR,
    why,
  );
  for (const { start, planned } of world.runs.filter(({ job }) => job === "late"))
    expect(start - planned).toBeGreaterThanOrEqual(0);
  expect(world.runs.length).toBeGreaterThan(15_000);
  console.info(`${world.runs.length} runs in ${stretches.length} stretches, ${why}`);
}, 120_000);

/** No due time has two runs, but that of a run that was cut may be tried again; later runs are for later due times. */
function expectOnce(runs: readonly SeenRun[], anacron: boolean, context: string): void {
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1];
    if (!before) continue;
    const where = `${context}: ${iso(run.planned)} after ${iso(before.planned)}`;
    const cut = before.outcome === "killed" || before.outcome === "interrupted";
    if (run.planned === before.planned) expect(anacron && cut, where).toBe(true);
    else expect(run.planned, where).toBeGreaterThan(before.planned);
  }
}

/** Within a stretch each due time is run on time; what became due outside is caught up, once, or not at all. */
function expectEveryDue(
  runs: readonly SeenRun[],
  dues: readonly number[],
  stretches: readonly Stretch[],
  anacron: boolean,
  context: string,
): void {
  const firsts = new Map(runs.toReversed().map((run) => [run.planned, run]));
  let before = 0;
  for (const { from, until } of stretches) {
    const missed = dues.filter((due) => due > before && due <= from);
    const last = missed.at(-1);
    before = until;
    // A due time soon after the wake-up may come before the daemon looks, and then stands for those before it.
    const next = dues.find((due) => due > from) ?? Number.POSITIVE_INFINITY;
    if (last !== undefined && until - from > SLACK_MS && next - from > SLACK_MS) {
      const run = firsts.get(last);
      const where = `${context}: caught up ${iso(last)} at ${iso(from)}`;
      if (anacron) expect(run, where).toBeDefined();
      else if (from - last > ON_TIME_MS + SLACK_MS) expect(run, where).toBeUndefined();
      if (run && anacron) expect(run.start - Math.max(last, from), where).toBeLessThanOrEqual(SLACK_MS);
      for (const due of missed.slice(0, -1))
        expect(firsts.has(due), `${context}: ${iso(due)} alone`).toBe(false);
    }
    for (const due of dues.filter((one) => one > from + SLACK_MS && one < until)) {
      const run = firsts.get(due);
      expect(run, `${context}: ${iso(due)} has no run`).toBeDefined();
      expect(run!.start - due, `${context}: ${iso(due)} is late`).toBeLessThanOrEqual(1000);
    }
  }
}

/** Runs that must take turns do not overlap, by the stopwatch. */
function expectTurns(runs: readonly SeenRun[], context: string): void {
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1];
    if (before?.end === undefined) continue;
    expect(run.elapsed, `${context}: ${run.job} at ${iso(run.start)}`).toBeGreaterThanOrEqual(before.end);
  }
}

/** Two runs of an interval are never closer than it, unless the first did not end or the clock jumped in between. */
function expectIntervals(runs: readonly SeenRun[], everyMs: number, context: string): void {
  let near = 0;
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1];
    if (!before || before.outcome === "killed" || before.outcome === "interrupted") continue;
    const gap = run.elapsed - before.elapsed;
    const jumped = Math.abs(gap - (run.start - before.start)) > 1000;
    if (!jumped)
      expect(gap, `${context}: ${run.job} at ${iso(run.start)}`).toBeGreaterThanOrEqual(everyMs - ON_TIME_MS);
    if (gap <= everyMs + SLACK_MS) near++;
  }
  expect(near / runs.length, context).toBeGreaterThan(0.8);
}
