/** Bad luck of the scheduler: each leaves a record, a notice and an unhealthy status, and the next run goes on. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type JsonRecord, openWorld, parseRecords, type World } from "../harness/command.ts";
import { lane } from "../harness/lanes.ts";
import { randomOf } from "../harness/random.ts";
import { receiveHttp, receiveMail } from "../harness/receivers.ts";
import { mustRun } from "../harness/run-program.ts";
import { type SchedulerProcess, startScheduler } from "../harness/scheduler-process.ts";
import { scratch } from "../harness/scratch.ts";
import { mountSmallDisk } from "../harness/small-disk.ts";
import { waitFor } from "../harness/wait-for.ts";

const MIB = 1024 * 1024;

/** The newest end of a run with this outcome, after so many ends that were there before. */
function ended(scheduler: SchedulerProcess, job: string, outcome: string, after = 0): Promise<JsonRecord> {
  return waitFor(
    `${job}: ${outcome}`,
    () =>
      scheduler
        .of("ended", job)
        .slice(after)
        .map(({ record }) => record as JsonRecord)
        .find((record) => record["outcome"] === outcome),
    60_000,
  );
}

async function statusOf(
  world: World,
  directory: string,
): Promise<{ code: number | null; jobs: Record<string, JsonRecord> }> {
  const result = await world.run([
    "scheduler",
    "--config",
    join(directory, "scheduler.yaml"),
    "status",
    "--json",
  ]);
  const jobs = parseRecords(result.stdout).filter(({ type }) => type === "job");
  return { code: result.code, jobs: Object.fromEntries(jobs.map((job) => [job["job"] as string, job])) };
}

test.concurrent("a source that is gone, hooks and services that fail; then all is well again", async () => {
  const directory = scratch("scheduler-failures");
  const world = openWorld(directory);
  const [hooks, mail] = [await receiveHttp(), await receiveMail()];
  const source = join(directory, "source");
  mkdirSync(source);
  writeFileSync(join(source, "a"), "content");
  const trace = join(directory, "trace");
  const scheduler = await startScheduler(
    world,
    directory,
    `store: store
smtp: { host: 127.0.0.1, port: ${mail.port}, tls: never, from: backup@example.org }
jobs:
  - name: files
    sources: [source, { command: "echo dump", name: files.sql }]
    every: 1s
    keep: 3
    hooks:
      before: test ! -e before-fails || { echo no room; exit 3; }
      after: echo "after $DATADB_OUTCOME $DATADB_BACKUP" >> ${trace}
      onFailure: echo "failed $DATADB_JOB $DATADB_ERROR_CODE" >> ${trace}
    notify:
      ping: env:PING
      webhook: { url: "${hooks.url}/hook", on: [failure], template: '{"text": "{{job}}: {{error}}"}' }
      email: [ann@example.org]
`,
    { PING: `${hooks.url}/ping/1` },
  );
  const good = await ended(scheduler, "files", "success");
  expect(good).toMatchObject({ trigger: "schedule", attempts: 1, unnotified: [] });
  expect((good["backups"] as JsonRecord[]).map(({ name }) => name)).toEqual(["files.source", "files.sql"]);
  expect(hooks.received.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["/ping/1/start", "/ping/1"]),
  );
  expect(mail.mails).toEqual([]);
  await waitFor("health", async () => (await scheduler.page("/healthz")).status === 200);

  renameSync(source, `${source}-away`);
  const gone = await ended(scheduler, "files", "failure");
  expect(gone["error"]).toMatchObject({
    step: "backup",
    code: "NOT_FOUND",
    message: expect.stringContaining(source),
  });
  const sick = await scheduler.page("/healthz");
  expect(sick).toMatchObject({ status: 503, text: expect.stringContaining(source) });
  expect((await scheduler.page("/metrics")).text).toContain('datadb_scheduler_job_healthy{job="files"} 0');
  await waitFor("the mail", () => mail.mails.length > 0);
  expect(mail.mails[0]).toMatchObject({
    to: ["ann@example.org"],
    data: expect.stringContaining("Subject: datadb: files on test-host: failure"),
  });
  const hook = hooks.received.find(({ path }) => path === "/hook")!;
  expect(JSON.parse(hook.body)).toEqual({ text: expect.stringContaining(`files: `) });
  expect(hooks.received.map(({ path }) => path)).toContain("/ping/1/fail");
  expect(readFileSync(trace, "utf8")).toMatch(
    /after success [0-9a-f]{64}\n[\s\S]*after failure \nfailed files NOT_FOUND\n/,
  );
  const status = await statusOf(world, directory);
  expect(status).toMatchObject({
    code: 1,
    jobs: { files: { healthy: false, last: { outcome: "failure" } } },
  });

  renameSync(`${source}-away`, source);
  await ended(scheduler, "files", "success", scheduler.of("ended").length);
  writeFileSync(join(directory, "before-fails"), "");
  const before = await ended(scheduler, "files", "failure", scheduler.of("ended").length);
  expect(before["error"]).toMatchObject({
    step: "before",
    code: "COMMAND_FAILED",
    message: expect.stringContaining("no room"),
  });
  expect(before["backups"]).toEqual([]);
  rmSync(join(directory, "before-fails"));
  await ended(scheduler, "files", "success", scheduler.of("ended").length);

  // A service that takes nothing: the backup is good, the job is not.
  hooks.status = 500;
  const mails = mail.mails.length;
  const untold = await waitFor("an untold run", () =>
    scheduler
      .of("ended", "files")
      .map(({ record }) => record as JsonRecord)
      .find(({ outcome, unnotified }) => outcome === "success" && unnotified.length > 0),
  );
  expect(untold["unnotified"][0]).toContain("answered 500");
  await waitFor("word of it by mail", () =>
    mail.mails.slice(mails).some(({ data }) => data.includes("not everybody could be told")),
  );
  expect((await statusOf(world, directory)).jobs["files"]).toMatchObject({ healthy: false });
  hooks.status = 200;
  await waitFor("health", async () => (await scheduler.page("/healthz")).status === 200);
  const kept = (await world.records(["ls", "--store", join(directory, "store")])).filter(
    ({ type, name }) => type === "backup" && name === "files.source",
  );
  expect(kept.length).toBeLessThanOrEqual(4);
  expect(await scheduler.stop()).toBe(0);
});

test.concurrent("a new file is taken over, a wrong one is not, and silence is seen", async () => {
  const directory = scratch("scheduler-reload");
  const world = openWorld(directory);
  const hooks = await receiveHttp();
  mkdirSync(join(directory, "source"));
  writeFileSync(join(directory, "source/a"), "content");
  const yaml = (jobs: string): string =>
    `store: store\nnotify: { webhook: ${hooks.url}/hook }\njobs:\n${jobs}`;
  const one = "  - { name: one, source: source, every: 1h }\n";
  const scheduler = await startScheduler(world, directory, yaml(one));
  const file = join(directory, "scheduler.yaml");
  const http = readFileSync(file, "utf8").split("\n")[0];
  await ended(scheduler, "one", "success");
  writeFileSync(file, `${http}\n${yaml(`${one}  - { name: two, source: source, every: soon }\n`)}`);
  const refused = await waitFor("the refusal", () => scheduler.of("rejected")[0]);
  expect(refused["message"]).toMatch(
    /scheduler\.yaml, line 6: jobs\[1\]\.every: expected a duration.*going on with/,
  );
  // Never successful, and nobody is there to fail: its time passes.
  const quiet = `  - { name: two, source: source, cron: "0 0 1 1 *", within: 2s }\n`;
  writeFileSync(file, `${http}\n${yaml(one + quiet)}`);
  await waitFor("the new file", () => scheduler.of("reloaded").length > 0);
  scheduler.child.kill("SIGHUP");
  await waitFor("the same file again", () => scheduler.of("reloaded").length > 1);
  await waitFor("silence to be seen", () => scheduler.of("overdue", "two")[0], 60_000);
  expect(scheduler.of("ended", "one")).toHaveLength(1);
  expect(await scheduler.page("/healthz")).toMatchObject({
    status: 503,
    text: expect.stringContaining("two: overdue"),
  });
  await waitFor("the webhook", () => hooks.received.some(({ body }) => JSON.parse(body).event === "overdue"));
  expect(await statusOf(world, directory)).toMatchObject({
    code: 1,
    jobs: { one: { healthy: true }, two: { healthy: false } },
  });
  const run = await world.run(["scheduler", "--config", file, "run", "two"]);
  expect(run.code, run.stderr).toBe(0);
  const missing = await world.run(["scheduler", "--config", file, "run", "three"]);
  expect(missing).toMatchObject({ code: 4, stderr: expect.stringContaining("the jobs are: one, two") });
  const second = await world.run(["scheduler", "--config", file]);
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining("runs already") });
  expect(await scheduler.stop()).toBe(0);
});

lane("the scheduler on a full disk", ["root"], () => {
  test("fails, says so, and goes on when there is room", async () => {
    const directory = scratch("scheduler-full");
    const world = openWorld(directory);
    const disk = join(directory, "disk");
    await mountSmallDisk(disk, 24 * MIB);
    const source = join(directory, "source");
    mkdirSync(source);
    writeFileSync(join(source, "small"), "content");
    const hooks = await receiveHttp();
    const scheduler = await startScheduler(
      world,
      directory,
      `store: disk/store\njobs:\n  - { name: files, source: source, every: 1s, notify: { ping: ${hooks.url}/p } }\n`,
    );
    await ended(scheduler, "files", "success");
    const random = randomOf("scheduler full");
    for (let i = 0; i < 8; i++) writeFileSync(join(source, `${i}`), random.bytes(6 * MIB));
    const full = await ended(scheduler, "files", "failure");
    expect(full["error"]).toMatchObject({ code: "DISK_FULL" });
    expect(hooks.received.map(({ path }) => path)).toContain("/p/fail");
    expect(await scheduler.page("/healthz")).toMatchObject({ status: 503 });
    await mustRun("mount", ["-o", `remount,size=${256 * MIB}`, disk]);
    await ended(scheduler, "files", "success", scheduler.of("ended").length);
    await waitFor("health", async () => (await scheduler.page("/healthz")).status === 200);
    expect(await scheduler.stop()).toBe(0);
    const store = join(disk, "store");
    expect(existsSync(store)).toBe(true);
    await world.summary(["check", "--read-data", "--store", store]);
  });
});
