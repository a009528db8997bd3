import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testConfig } from "../testing/test-config.ts";
import { parseConfig } from "./parse-config.ts";

const job = (text: string): string => `store: /srv/backup\njobs:\n  - ${text}\n`;
const minimal = job("{ name: docs, source: /docs, every: 15m, keep: 30 }");

test("the smallest file", () => {
  const { jobs, ...rest } = testConfig(minimal);
  expect(rest).toMatchObject({ store: "/srv/backup", host: "test", http: { port: 9738, explicit: false } });
  expect(jobs).toMatchObject([
    {
      name: "docs",
      task: {
        kind: "backup",
        sources: [{ source: ["/docs"], name: "docs" }],
        keep: { rules: { last: 30 } },
      },
      schedule: { kind: "every", everyMs: 900_000 },
      anacron: true,
      retries: { times: 0 },
    },
  ]);
});

test("everything that can be said", () => {
  const text = `
store: redis://db:9736
host: web1
timezone: Europe/Berlin
anacron: false
jitter: 1m
concurrency: 2
http: { host: 0.0.0.0, port: 80, password: env:WEB }
smtp: { host: mail, tls: always, user: u, password: env:MAIL, from: a@b }
notify: { ping: "https://hc.example/1/", email: x@y }
jobs:
  - name: shop
    sources:
      - { database: env:DATABASE, name: shop.data, tables: [a, "b_*"], where: { a: "id > 3" }, lockTimeout: 5s }
      - { paths: [up, /srv/www], exclude: ["*.tmp"], meta: { part: files }, tags: www }
      - postgres://ann:secret@db.example:5433/other?sslmode=require
      - { command: [pg_dump, third], name: third.sql }
    exclude: "*.bak"
    meta: { ticket: 4711 }
    tags: [nightly]
    cron: 30 2 * * 1-5
    timezone: UTC
    keep: { last: 3, daily: 14, yearly: unlimited, within: 1y6m, tags: [release, "a,b"] }
    hooks: { before: freeze, after: { command: thaw, timeout: 1m }, onFailure: cry, timeout: 5m }
    retries: { times: 3, pause: 1s, factor: 3, maxPause: 1m }
    deadline: 2h
    priority: { nice: 10, io: idle }
    within: 26h
    notify: { webhook: [{ url: "https://h", on: [start, success], headers: { a: env:WEB }, template: "{{job}}" }] }
  - { name: gc, gc: { maxUnused: 5 }, every: 1w }
  - { name: check, check: { readData: 2.5% }, cron: "@weekly" }
`;
  expect(testConfig(text, { WEB: "w", MAIL: "m", DATABASE: "postgres:///shop" }).jobs).toMatchSnapshot();
});

/** A wrong file, and the message that it must give. */
const WRONG: [string, string, string][] = [
  ["no YAML", "store: [", "line 1: "],
  ["nothing", "", "line 1: expected keys such as store and jobs, and found nothing"],
  ["no store", "jobs: []", "line 1: there is no store"],
  ["no jobs", "store: /x", "line 1: there are no jobs"],
  ["empty jobs", "store: /x\njobs: []", "line 2: jobs: expected at least one job"],
  ["an unknown key", `${minimal}retry: 3\n`, "line 4: retry: unknown key (known: store, host,"],
  ["a key without value", `${minimal}http:\n`, "line 4: http: has no value"],
  ["an unknown key of a job", job("{ name: a, source: /a, evry: 1m }"), "line 3: jobs[0].evry: unknown key"],
  ["no name", job("{ source: /a, every: 1m }"), "line 3: jobs[0]: the job has no name"],
  ["a strange name", job("{ name: a/b, source: /a, every: 1m }"), "jobs[0].name: expected a name of letters"],
  ["no task", job("{ name: a, every: 1m }"), "a has nothing to do: add source:"],
  [
    "two tasks",
    job("{ name: a, source: /a, check: true, every: 1m }"),
    "jobs[0].check: a has source and check",
  ],
  ["no schedule", job("{ name: a, source: /a }"), "line 3: jobs[0]: the job has no schedule"],
  ["two schedules", job("{ name: a, source: /a, every: 1m, cron: '@daily' }"), "there is cron, too"],
  [
    "no unit",
    job("{ name: a, source: /a, every: 15 }"),
    "expected a duration such as 90s, 15m, 1h30m, 2d or 1w, and found 15",
  ],
  ["a wrong cron", job("{ name: a, source: /a, cron: 61 * * * * }"), "jobs[0].cron: expected five fields"],
  ["too few fields", job('{ name: a, source: /a, cron: "* * *" }'), "and found * * *"],
  ["never due", job('{ name: a, source: /a, cron: "0 0 30 2 *" }'), "0 0 30 2 * is never due"],
  [
    "a wrong zone",
    `timezone: Mars/Base\n${minimal}`,
    "line 1: timezone: expected a time zone such as Europe/Berlin, and found Mars/Base",
  ],
  ["a wrong keep", job("{ name: a, source: /a, every: 1m, keep: 0 }"), "expected a whole number from 1"],
  [
    "no rule",
    job("{ name: a, source: /a, every: 1m, keep: { daily: 0 } }"),
    "jobs[0].keep: expected how many backups",
  ],
  [
    "keep of a check",
    job("{ name: a, check: true, every: 1m, keep: 3 }"),
    "jobs[0].keep: is for jobs that make backups",
  ],
  [
    "a list as source",
    job("{ name: a, source: [/a, /b], every: 1m }"),
    "several sources are a list under sources:",
  ],
  ["another scheme", job("{ name: a, source: mongodb://x/y, every: 1m }"), "mongodb:// is no kind of source"],
  ["standard input", job("{ name: a, source: '-', every: 1m }"), "standard input cannot be a source"],
  [
    "one name for two",
    job("{ name: a, sources: [/x/d, /y/d], every: 1m }"),
    "its backup would be called a.d",
  ],
  [
    "files of a database",
    job("{ name: a, source: { database: 'postgres:///x', exclude: y }, every: 1m }"),
    "exclude: is for files",
  ],
  [
    "the scheduler's metadata",
    job("{ name: a, source: /a, every: 1m, meta: { scheduler: 1 } }"),
    "meta.scheduler: is the scheduler's own",
  ],
  [
    "two jobs of a name",
    `${minimal}  - { name: docs, source: /b, every: 1m }\n`,
    "line 4: jobs[1]: the job of line 3 is called docs",
  ],
  [
    "a password",
    `${minimal}smtp: { host: h, from: a@b, user: u, password: secret }\n`,
    "smtp.password: expected env:NAME or file:/path",
  ],
  [
    "an unset variable",
    `${minimal}smtp: { host: h, from: a@b, user: u, password: env:NONE }\n`,
    "environment variable NONE, which is not set",
  ],
  [
    "a missing file",
    `${minimal}notify: { ping: file:/nonexistent/url }\n`,
    "/nonexistent/url, which cannot be read",
  ],
  [
    "mail without smtp",
    `${minimal}notify: { email: a@b }\n`,
    "line 4: notify.email: there is no section smtp",
  ],
  [
    "a wrong template",
    `${minimal}notify: { webhook: { url: "https://h", template: "{{jb}}" } }\n`,
    "{{jb}} is not known (known: event, job",
  ],
  [
    "an open door",
    `${minimal}http: { host: 0.0.0.0 }\n`,
    "can be reached from other machines, and there is no password",
  ],
  [
    "a wrong priority",
    job("{ name: a, source: /a, every: 1m, priority: 20 }"),
    "expected a whole number from 0 to 19, and found 20",
  ],
  [
    "a wrong flag",
    job("{ name: a, source: /a, every: 1m, gitignore: maybe }"),
    "expected true or false, and found maybe",
  ],
];

test.each(WRONG)("%s is refused", (_, text, message) => {
  expect(() => testConfig(text)).toThrow(message);
  expect(() => testConfig(text)).toThrow(/^scheduler\.yaml, line \d+: /);
});

test("secrets are in no message, and not looked up for who only looks", () => {
  const directory = mkdtempSync(join(tmpdir(), "datadb-secret-"));
  try {
    writeFileSync(join(directory, "url"), "https://hc.example/very-secret\n");
    const text = `${minimal}notify: { ping: file:${directory}/url }\n`;
    expect(testConfig(text).jobs[0]?.notify.pings[0]?.success?.url).toBe(`file:${directory}/url`);
    const { task } = testConfig(job("{ name: a, source: 'postgres://u:pw@h/d', every: 1m }")).jobs[0]!;
    const [source] = task.kind === "backup" ? task.sources : [];
    expect(source!.text).toBe("postgres://h/d");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("what the document shows is right", () => {
  const text = readFileSync(new URL("../../../docs/scheduler.md", import.meta.url), "utf8");
  const shown = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => yaml!);
  expect(shown).toHaveLength(2);
  const looked = { environment: {}, directory: "/etc/datadb", checkSecrets: false };
  for (const yaml of shown) expect(parseConfig(yaml, "shown.yaml", looked).jobs.length).toBeGreaterThan(0);
});
