/** Connections that end, servers that go away, runs that are interrupted: nothing is lost, little is sent twice. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeBigSource } from "../harness/big-source.ts";
import { describeResult, openWorld, parseRecords, type World } from "../harness/command.ts";
import { differences, treeHash } from "../harness/compare-trees.ts";
import { startCuttingProxy } from "../harness/cutting-proxy.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

const MIB = 1024 * 1024;
const SOURCE_BYTES = 192 * MIB;

interface Setting {
  directory: string;
  world: World;
  source: string;
}

function makeSetting(label: string): Setting {
  const directory = scratch(label);
  const source = join(directory, "source");
  makeBigSource(source, SOURCE_BYTES, randomOf(label));
  return { directory, world: openWorld(directory), source };
}

test("connections that are cut again and again: the snapshot completes and is exact", async () => {
  const { directory, world, source } = makeSetting("cut");
  const server = await startServer(world, join(directory, "store"));
  const random = randomOf("cuts");
  const limits = Array.from({ length: 6 }, () =>
    Math.floor((SOURCE_BYTES / 8) * (0.2 + random.integer(100) / 100)),
  );
  const proxy = await startCuttingProxy(
    { port: server.port },
    (connection) => limits[connection] ?? Number.POSITIVE_INFINITY,
  );
  expect(await world.summary(["snapshot", "--server", proxy.url, source])).toMatchObject({ complete: true });
  expect(proxy.cuts()).toBeGreaterThanOrEqual(3);
  const target = join(directory, "restored");
  await world.summary(["restore", "--server", server.url, "source", target]);
  expect(await differences(source, target)).toEqual([]);
  await proxy.close();
  expect(await server.stop()).toBe(0);
  await world.summary(["check", "--store", join(directory, "store"), "--read-data"]);
});

test("a snapshot that was killed is resumed: the second run sends little", async () => {
  const { directory, world, source } = makeSetting("resume");
  const server = await startServer(world, join(directory, "store"));
  const proxy = await startCuttingProxy({ port: server.port }, () => Number.POSITIVE_INFINITY);
  const words = ["snapshot", "--server", proxy.url, source];
  const killed = await world.run(words, {
    started: (child) => {
      const timer = setInterval(() => {
        if (proxy.sent() > 0.8 * SOURCE_BYTES) child.kill("SIGKILL");
      }, 5);
      child.on("exit", () => clearInterval(timer));
    },
  });
  expect(killed.signal, describeResult(words, killed)).toBe("SIGKILL");
  const before = proxy.sent();
  await world.summary(words);
  const again = proxy.sent() - before;
  console.info(`sent ${before} bytes, then killed; sent ${again} to complete the rest`);
  // What was sent and not yet durable may be sent again: one window.
  expect(again).toBeLessThan(0.4 * SOURCE_BYTES + 64 * MIB);
  await proxy.close();
  await server.stop();
});

test("an interrupted snapshot in the own process says so, and is resumed", async () => {
  const { directory, world, source } = makeSetting("interrupt");
  const store = join(directory, "store");
  const words = ["snapshot", "--store", store, source, "--json"];
  const stopped = await world.run(words, {
    started: (child) => {
      const timer = setInterval(() => {
        if (packBytes(store) < 0.2 * SOURCE_BYTES) return;
        // Once: a second signal ends the command at once.
        clearInterval(timer);
        child.kill("SIGINT");
      }, 5);
      child.on("exit", () => clearInterval(timer));
    },
  });
  expect(stopped.code, describeResult(words, stopped)).toBe(130);
  expect(stopped.stderr).toMatch(/interrupted/);
  expect(stopped.stderr).toMatch(/again/);
  const listed = await world.run(["ls", "--store", store, "--json"]);
  expect(parseRecords(listed.stdout).filter((record) => record["type"] === "backup")).toEqual([]);
  const stored = packBytes(store);
  await world.summary(words.slice(0, -1));
  const whole = packBytes(store);
  console.info(`stored ${stored} bytes, then interrupted; ${whole - stored} more to complete`);
  expect(whole - stored).toBeLessThan(0.9 * whole);
  // A third run into a new store: resuming left nothing twice.
  const fresh = join(directory, "fresh");
  await world.summary(["snapshot", "--store", fresh, source]);
  expect(whole).toBeLessThan(1.05 * packBytes(fresh));
});

test("a server that goes away in the middle of a restore: what is there is whole, and the next restore completes", async () => {
  const { directory, world, source } = makeSetting("gone");
  const server = await startServer(world, join(directory, "store"));
  await world.summary(["snapshot", "--server", server.url, source]);
  const target = join(directory, "restored");
  const words = ["restore", "--server", server.url, "--lock-wait", "3s", "source", target, "--json"];
  const running = world.run(words);
  await waitFor(
    "the first file",
    () => existsSync(target) && readdirSync(target).some((name) => name.startsWith("big-")),
  );
  await server.kill();
  const result = await running;
  expect(result.code, describeResult(words, result)).toBe(1);
  expect(result.stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${server.port}|server`));
  expect(result.stderr).toMatch(/again/);
  expectOnlyWhole(source, target);
  const again = await startServer(world, join(directory, "store"), {
    port: server.port,
    httpPort: server.httpPort,
  });
  await world.summary([...words.slice(0, -1), "--overwrite", "--yes"]);
  expect(await treeHash(target)).toBe(await treeHash(source));
  await again.stop();
});

/** Files under their final names have their whole content. */
function expectOnlyWhole(source: string, target: string): void {
  for (const name of readdirSync(target)) {
    if (!name.startsWith("big-")) continue;
    expect(readFileSync(join(target, name)).equals(readFileSync(join(source, name))), name).toBe(true);
  }
}

function packBytes(store: string): number {
  try {
    const blobs = join(store, "blobs");
    return readdirSync(blobs).reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
  } catch {
    return 0;
  }
}
