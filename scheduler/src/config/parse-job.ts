/** Parses one job. */
import { openCron } from "../schedule/due-times.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { parseKeep } from "./parse-keep.ts";
import { parseNotify } from "./parse-notify.ts";
import { parseSources, SOURCE_KEYS } from "./parse-source.ts";
import { parseTimezone } from "./parse-timezone.ts";
import type { Hook, Hooks, Job, Notify, Priority, Retries, Task } from "./scheduler-config.ts";
import type { YamlValue } from "./yaml-value.ts";

/** What the whole file says about every job. */
export interface General {
  directory: string;
  timezone: string;
  anacron: boolean;
  jitterMs: number;
  retries: YamlValue | undefined;
  notify: Notify | undefined;
  /** Mail can be sent. */
  smtp: boolean;
}

type Section = ReadonlyMap<string, YamlValue>;

const TASKS = ["source", "sources", "check", "gc"] as const;
const KEYS = [
  "name",
  ...TASKS,
  ...SOURCE_KEYS,
  "keep",
  "acceptIncomplete",
  "cron",
  "every",
  "timezone",
  "anacron",
  "jitter",
  "hooks",
  "retries",
  "deadline",
  "priority",
  "within",
  "notify",
];
const BACKUP_ONLY = [...SOURCE_KEYS, "keep", "acceptIncomplete"];
const HOOK_TIMEOUT_MS = 600_000;
const NO_RETRIES: Retries = { times: 0, pauseMs: 60_000, factor: 2, maxPauseMs: 3_600_000 };
const NO_NOTIFY: Notify = { pings: [], webhooks: [], emails: [] };
/** Shorter intervals are mistakes: a run takes longer. */
const LEAST_INTERVAL_MS = 1000;

export function parseJob(value: YamlValue, general: General): Job {
  const job = value.section(KEYS, "a job with name, source and every or cron");
  const name = parseName(job, value);
  const retries = job.get("retries") ?? general.retries;
  const notify = job.get("notify");
  return {
    name,
    task: parseTask(job, value, name, general),
    schedule: parseSchedule(job, value, general),
    anacron: job.get("anacron")?.flag() ?? general.anacron,
    jitterMs: job.get("jitter")?.duration() ?? general.jitterMs,
    hooks: parseHooks(job.get("hooks")),
    retries: retries ? parseRetries(retries) : NO_RETRIES,
    deadlineMs: job.get("deadline")?.duration(1000),
    priority: parsePriority(job.get("priority")),
    withinMs: job.get("within")?.duration(1000),
    notify: notify ? parseNotify(notify, general.smtp) : (general.notify ?? NO_NOTIFY),
  };
}

function parseName(job: Section, value: YamlValue): string {
  const name = job.get("name") ?? value.fail("the job has no name: add name:");
  const what = "a name of letters, digits, dots, dashes and underscores";
  const text = name.text(what);
  return /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u.test(text) ? text : name.expected(what);
}

function parseTask(job: Section, value: YamlValue, name: string, { directory, timezone }: General): Task {
  const given = TASKS.filter((key) => job.has(key));
  if (given.length === 0) value.fail(`${name} has nothing to do: add source:, sources:, check: or gc:`);
  if (given.length > 1)
    job.get(given[1]!)!.fail(`${name} has ${given.join(" and ")}: a job does one of them`);
  const [check, gc] = [job.get("check"), job.get("gc")];
  if (check || gc) for (const key of BACKUP_ONLY) job.get(key)?.fail("is for jobs that make backups");
  if (check) return { kind: "check", readDataPercent: parseCheck(check) };
  if (gc) return { kind: "gc", maxUnusedPercent: parseGc(gc) };
  const [keep, zone] = [job.get("keep"), job.get("timezone")];
  return {
    kind: "backup",
    sources: parseSources(job, name, directory),
    keep: keep && parseKeep(keep, zone ? parseTimezone(zone) : timezone),
    acceptIncomplete: job.get("acceptIncomplete")?.flag() ?? false,
  };
}

function parseCheck(check: YamlValue): number {
  if (check.plain === true) return 0;
  const section = check.section(["readData"], "true, or readData: with a percentage");
  const read = section.get("readData");
  if (read === undefined || read.plain === true) return read === undefined ? 0 : 100;
  const percent = Number(String(read.plain).replace(/%$/, ""));
  return percent > 0 && percent <= 100 ? percent : read.expected("a percentage above 0 and up to 100");
}

function parseGc(gc: YamlValue): number | undefined {
  if (gc.plain === true) return undefined;
  const section = gc.section(["maxUnused"], "true, or maxUnused: with a percentage");
  const unused = section.get("maxUnused") ?? gc.expected("true, or maxUnused: with a percentage");
  const percent = Number(String(unused.plain).replace(/%$/, ""));
  return percent >= 0 && percent <= 100 ? percent : unused.expected("a percentage from 0 to 100");
}

function parseSchedule(job: Section, value: YamlValue, general: General): Schedule {
  const [cron, every, zone] = [job.get("cron"), job.get("every"), job.get("timezone")];
  if (cron && every) return every.fail("there is cron, too: a job has one of them");
  if (every) return { kind: "every", everyMs: every.duration(LEAST_INTERVAL_MS) };
  if (!cron) return value.fail("the job has no schedule: add every: 15m, or cron: 0 2 * * *");
  const timezone = zone ? parseTimezone(zone) : general.timezone;
  const expression = cron.text("a cron expression such as 0 2 * * *").trim();
  const what = "five fields (minute hour day month weekday), six with seconds first, or @daily and the like";
  const fields = expression.split(/\s+/).length;
  if (!expression.startsWith("@") && (fields < 5 || fields > 6)) cron.expected(what);
  try {
    const next = openCron(expression, timezone).nextRun();
    if (next === null) return cron.fail(`${expression} is never due`);
  } catch (error) {
    if ((error as { code?: string }).code === "USAGE") throw error;
    return cron.fail(`expected ${what}, and found ${expression} (${(error as Error).message})`);
  }
  return { kind: "cron", expression, timezone };
}

function parseHooks(value: YamlValue | undefined): Hooks {
  if (value === undefined) return {};
  const section = value.section(["before", "after", "onFailure", "timeout"], "before, after or onFailure");
  const timeoutMs = section.get("timeout")?.duration(1) ?? HOOK_TIMEOUT_MS;
  const hooks: Hooks = {};
  for (const name of ["before", "after", "onFailure"] as const) {
    const hook = section.get(name);
    if (hook) hooks[name] = parseHook(hook, timeoutMs);
  }
  return hooks;
}

function parseHook(value: YamlValue, timeoutMs: number): Hook {
  if (typeof value.plain === "string") return { command: value.text("a shell command"), timeoutMs };
  const section = value.section(["command", "timeout"], "a shell command, or command and timeout");
  const command = section.get("command") ?? value.expected("a shell command, or command and timeout");
  return {
    command: command.text("a shell command"),
    timeoutMs: section.get("timeout")?.duration(1) ?? timeoutMs,
  };
}

function parseRetries(value: YamlValue): Retries {
  if (typeof value.plain === "number") return { ...NO_RETRIES, times: value.number(0, 100) };
  const section = value.section(
    ["times", "pause", "factor", "maxPause"],
    "a number, or times, pause, factor and maxPause",
  );
  return {
    times: section.get("times")?.number(0, 100) ?? 3,
    pauseMs: section.get("pause")?.duration() ?? NO_RETRIES.pauseMs,
    factor: section.get("factor")?.number(1, 10) ?? NO_RETRIES.factor,
    maxPauseMs: section.get("maxPause")?.duration() ?? NO_RETRIES.maxPauseMs,
  };
}

function parsePriority(value: YamlValue | undefined): Priority {
  if (value === undefined) return { nice: 0, io: undefined };
  if (typeof value.plain === "number") return { nice: value.number(0, 19), io: undefined };
  const section = value.section(["nice", "io"], "a number from 0 to 19, or nice and io");
  const io = section.get("io");
  if (io && io.plain !== "idle" && io.plain !== "best-effort") io.expected("idle or best-effort");
  return {
    nice: section.get("nice")?.number(0, 19) ?? 0,
    io: io?.plain as Priority["io"],
  };
}
