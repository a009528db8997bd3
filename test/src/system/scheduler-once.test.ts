/** datadb scheduler --once: runs what is due, with the priority that it is given, and ends. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { scratch } from "../harness/scratch.ts";

test("what is due is run once, what is not is left; what failed is in the exit code", async () => {
  const directory = scratch("scheduler-once");
  const world = openWorld(directory);
  mkdirSync(join(directory, "source"));
  writeFileSync(join(directory, "source/a"), "content");
  const file = join(directory, "scheduler.yaml");
  const jobs = [
    "{ name: files, source: source, every: 1h }",
    "{ name: nice, source: { command: \"cut -d ' ' -f 19 /proc/self/stat\" }, every: 1h, priority: { nice: 7 } }",
    '{ name: yearly, source: source, cron: "0 0 1 1 *" }',
  ];
  const write = (more: readonly string[]): void =>
    writeFileSync(file, `store: store\njobs:\n${[...jobs, ...more].map((job) => `  - ${job}\n`).join("")}`);
  const once = async (): Promise<number | null> =>
    (await world.run(["scheduler", "--config", file, "--once"])).code;
  const store = ["--store", join(directory, "store")];
  const names = async (): Promise<string[]> =>
    (await world.records(["ls", ...store])).flatMap(({ type, name }) => (type === "backup" ? [name] : []));
  write([]);
  expect(await once()).toBe(0);
  expect((await names()).sort()).toEqual(["files", "nice"]);
  expect((await world.run(["cat", ...store, "nice"])).stdout).toBe("7\n");
  expect(await once()).toBe(0);
  expect(await names()).toHaveLength(2);
  write(["{ name: gone, source: absent, every: 1h }"]);
  expect(await once()).toBe(1);
  expect(await names()).toHaveLength(2);
});
