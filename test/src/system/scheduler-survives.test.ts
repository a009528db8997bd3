/** The scheduler for real: backups every second, kill -9 of it and of its runs, and a history that agrees with the store. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@datadb/client";
import { expect, test } from "vitest";
import { type JsonRecord, openWorld, type World } from "../harness/command.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf } from "../harness/random.ts";
import { startScheduler } from "../harness/scheduler-process.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

/** How long each of the three lives lasts. */
const LIFE_MS = LONG ? 20_000 : 4000;

/** The lists of the history as any Redis client sees them. */
async function historyOf(world: World, store: string, job: string): Promise<Record<string, JsonRecord[]>> {
  const server = await startServer(world, store);
  const connection = await connect(server.url);
  const list = async (name: string): Promise<JsonRecord[]> => {
    const reply = await connection.call("LITER", `scheduler:test-host:${job}:${name}`);
    return (Array.isArray(reply) ? reply : []).map((text) => JSON.parse(String(text)) as JsonRecord);
  };
  try {
    return { started: await list("started"), runs: await list("runs") };
  } finally {
    await connection.close();
    await server.stop();
  }
}

test("killed and started again, the history and the store agree", async () => {
  const directory = scratch("scheduler");
  const world = openWorld(directory);
  const [source, store] = [join(directory, "source"), join(directory, "store")];
  mkdirSync(source);
  const random = randomOf("scheduler");
  const yaml = `store: ${store}\njobs:\n  - { name: files, source: ${source}, every: 1s, keep: 1000, tags: [often] }\n`;
  const write = setInterval(
    () => writeFileSync(join(source, `${random.integer(20)}`), random.bytes(5000)),
    50,
  );
  try {
    for (let life = 0; life < 3; life++) {
      const scheduler = await startScheduler(world, directory, yaml);
      await waitFor(
        "backups",
        () => scheduler.of("ended").some(({ record }) => record.outcome === "success"),
        60_000,
      );
      await new Promise((resolve) => setTimeout(resolve, LIFE_MS));
      if (life === 2) {
        expect(await scheduler.page("/healthz")).toEqual({ status: 200, text: "ok\n" });
        const status = await world.run([
          "scheduler",
          "--config",
          join(directory, "scheduler.yaml"),
          "status",
        ]);
        expect(status.code, status.stdout + status.stderr).toBe(0);
        expect(await scheduler.stop()).toBe(0);
        continue;
      }
      await waitFor("a run", () => childOf(scheduler.child.pid!));
      // Anywhere in it: while it starts, opens its record, backs up, or writes how it ended.
      await new Promise((resolve) => setTimeout(resolve, random.integer(800)));
      // Once with everything it started, as the end of a machine would do it, once alone.
      const child = life === 0 ? childOf(scheduler.child.pid!) : undefined;
      await scheduler.kill();
      if (child !== undefined) killIfAlive(child);
    }
  } finally {
    clearInterval(write);
  }
  const { started = [], runs = [] } = await historyOf(world, store, "files");
  expect(runs.map(({ run }) => run)).toEqual(started.map(({ run }) => run));
  expect(new Set(runs.map(({ planned }) => planned)).size).toBe(runs.length);
  const outcomes = runs.map(({ outcome }) => outcome as string);
  expect(outcomes.filter((outcome) => outcome === "success").length).toBeGreaterThanOrEqual(6);
  expect(outcomes.filter((outcome) => outcome !== "success" && outcome !== "interrupted")).toEqual([]);
  const listed = (await world.records(["ls", "--store", store])).filter(({ type }) => type === "backup");
  const told = runs.flatMap(({ backups }) => (backups as JsonRecord[]).map(({ id }) => id as string));
  expect(told.sort()).toEqual(listed.map(({ id }) => id as string).sort());
  for (const { meta, tags, name } of listed) {
    expect(runs.map(({ run }) => run)).toContain(meta.scheduler.group);
    expect([meta.scheduler.job, tags, name]).toEqual(["files", ["often"], "files"]);
  }
  await world.summary(["check", "--read-data", "--store", store]);
  console.info(
    `${runs.length} runs, ${listed.length} backups, outcomes ${[...new Set(outcomes)].join(", ")}`,
  );
});

/** The run that the scheduler has started, if it has not ended by now. */
function childOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children === "" ? undefined : Number(children.split(" ")[0]);
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
