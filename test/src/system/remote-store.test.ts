/** A store whose records lie on another server: that one may be killed in the middle, and everything is there in the end. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { differences } from "../harness/compare-trees.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

const FILES = 40;

test("snapshots outlive the death of the server that keeps their records; a rebuild needs nothing else", async () => {
  const directory = scratch("remote-store");
  const world = openWorld(directory);
  const random = randomOf("remote store");
  const source = join(directory, "source");
  mkdirSync(source);
  for (let i = 0; i < FILES; i++) writeFileSync(join(source, `${i}`), random.bytes(1 << 20));
  const keeper = join(directory, "keeper");
  let server = await startServer(world, keeper);
  const store = join(directory, "store");
  const config = join(directory, "config.yaml");
  writeFileSync(config, `blobs: { remote: { url: "${server.url}", namespace: mine } }\n`);
  await world.run(["init", "--store", store, "--config", config, "--quiet"]);

  const packs = join(keeper, "records/mine/blobs/blobs-00001");
  const words = ["snapshot", source, "--store", store];
  const running = world.run([...words, "--json"]);
  await waitFor("the first megabytes to arrive", () => readFileSync(packs).length > 4 << 20);
  await server.kill();
  server = await startServer(world, keeper, { port: server.port, httpPort: server.httpPort });
  // Most times nothing was lost. A loss ends the command with an error, and the next one sends what is missing.
  const first = await running;
  if (first.code !== 0) expect(first.stderr).toContain("was started again and has lost");
  await world.summary(words);
  expect(await world.summary(["check", "--read-data", "--store", store])).toMatchObject({ findings: 0 });

  await server.kill();
  const asked = await world.run(["ls", "--store", store]);
  expect([asked.code, asked.stderr]).toEqual([1, expect.stringContaining("nobody listens there")]);
  server = await startServer(world, keeper, { port: server.port, httpPort: server.httpPort });
  for (const lost of ["meta", "local"]) rmSync(join(store, lost), { recursive: true });
  await world.summary(["rebuild", "--store", store]);
  const target = join(directory, "restored");
  await world.summary(["restore", "source", target, "--store", store]);
  expect(await differences(source, target)).toEqual([]);
  expect(await server.stop()).toBe(0);
});
