/** The life of a store in Glacier: archived, its catalogue lost and found, one backup restored, with a kill -9 in the middle of each step. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorld, type World } from "../harness/command.ts";
import { differences } from "../harness/compare-trees.ts";
import { type GlacierServer, startGlacierServer } from "../harness/glacier-server/start-glacier-server.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

const HOURS = 5 * 3600 * 1000;
/** Until a bulk retrieval has come; what it has stays for a day. */
const BULK_HOURS = 9 * 3600 * 1000;
const INCOMPLETE = 3;

/** Runs the command and kills it as soon as it came so far; what came of it does not matter. Resolves with what it said. */
async function killedWhen(
  world: World,
  words: readonly string[],
  what: string,
  reached: () => boolean,
): Promise<string> {
  const { stderr } = await world.run(words, {
    started: (child) => {
      const come = waitFor(what, () => reached() || child.exitCode !== null);
      void come.catch(() => undefined).finally(() => child.kill("SIGKILL"));
    },
  });
  return stderr;
}

/** When another request of this kind has come, or so many of them. */
function killed(
  world: World,
  server: GlacierServer,
  kind: string,
  words: readonly string[],
  more = 1,
): Promise<string> {
  const wanted = (server.counts.get(kind) ?? 0) + more;
  return killedWhen(world, words, kind, () => (server.counts.get(kind) ?? 0) >= wanted);
}

function filesIn(directory: string): number {
  return existsSync(directory) ? readdirSync(directory).length : 0;
}

/** Repeats a command that goes on where it was, while hours pass, until it is done. */
async function untilDone(world: World, server: GlacierServer, words: readonly string[]): Promise<void> {
  for (let round = 0; ; round++) {
    const { code, stderr } = await world.run(words);
    if (code === 0) return;
    expect([code, stderr], `${words.join(" ")}: ${stderr}`).toEqual([INCOMPLETE, stderr]);
    expect(round).toBeLessThan(6);
    server.advance(HOURS);
  }
}

test("archive, lose the catalogue, sync, restore one backup, each killed once", async () => {
  const directory = scratch("glacier-life");
  const world = openWorld(directory);
  const random = randomOf("glacier");
  const server = await startGlacierServer(["acme"]);
  const source = join(directory, "source");
  mkdirSync(source);
  for (let i = 0; i < 30; i++) writeFileSync(join(source, `${i}`), random.bytes(300_000));
  const store = join(directory, "store");
  const config = join(directory, "config.yaml");
  writeFileSync(
    config,
    `blobs:
  glacier:
    { vault: acme, endpoint: "${server.endpoint}", accessKeyId: AKIDEXAMPLE, secretAccessKey: secret,
      archiveBytes: 4000000, partBytes: 1048576, warm: { blobsfile: { path: blobs } } }
`,
  );
  const at = ["--store", store];
  await world.run(["init", ...at, "--config", config, "--quiet"]);
  await killed(world, server, "POST multipart-uploads", ["snapshot", source, ...at]);
  await world.summary(["snapshot", source, ...at]);
  await killed(world, server, "POST multipart-uploads", ["glacier", "archive", ...at]);
  await world.summary(["glacier", "archive", ...at]);
  const status = await world.summary(["glacier", "status", ...at]);
  expect(status["archives"]).toBeGreaterThan(1);
  expect(status["bytes"]).toBeGreaterThan(9_000_000);
  expect(status["staged"]).toBeLessThan(1_000_000);

  writeFileSync(join(source, "more"), random.bytes(100_000));
  const uploads = server.vault("acme").archives.size;
  expect(await world.summary(["snapshot", source, ...at])).toMatchObject({ entries: { new: 1 } });
  expect(server.vault("acme").archives.size).toBe(uploads + 1);

  server.runInventory("acme");
  rmSync(join(store, "local"), { recursive: true });
  await killed(world, server, "POST jobs", ["glacier", "sync", ...at]);
  const sync = ["glacier", "sync", "--tier", "bulk", ...at];
  // Once while it takes the inventory, and once while it takes the table of an archive, after the inventory.
  for (const outputs of [1, 2]) {
    expect((await world.run(sync)).code).toBe(INCOMPLETE);
    server.advance(BULK_HOURS);
    await killed(world, server, "GET jobs/output", sync, outputs);
  }
  await untilDone(world, server, sync);

  const target = join(directory, "restored");
  const cold = await world.run(["restore", "source", target, ...at]);
  expect([cold.code, cold.stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining("lies in the archive"),
  ]);
  expect(cold.code).not.toBe(0);
  rmSync(target, { recursive: true, force: true });
  const plan = await world.summary(["glacier", "restore", "source", "--dry-run", ...at]);
  expect(plan["records"]).toBeGreaterThan(30);
  const asked = await world.run(["glacier", "restore", "source", "--tier", "bulk", ...at]);
  expect(asked.code).toBe(2);
  const needs = "[\\d,]+ archives, [\\d.]+ MiB \\(Bulk\\)";
  expect(asked.stderr).toMatch(new RegExp(`^backup [0-9a-f]{8} needs [\\d,]+ records from ${needs}$`, "m"));
  expect(asked.stderr).toMatch(
    new RegExp(`this would retrieve ${needs}, and there is no terminal to ask on`),
  );
  const words = ["glacier", "restore", "source", "--yes", ...at];
  const said = await killed(world, server, "POST jobs", words);
  // Said before anything was asked for.
  expect(said).toMatch(new RegExp(`needs [\\d,]+ records from ${needs.replace("Bulk", "Standard")}`));
  server.advance(HOURS);
  await killed(world, server, "GET jobs/output", words);
  await untilDone(world, server, words);
  await killedWhen(world, ["restore", "source", target, ...at], "a file", () => filesIn(target) > 0);
  rmSync(target, { recursive: true, force: true });
  await world.summary(["restore", "source", target, ...at]);
  expect(await differences(source, target)).toEqual([]);
  await server.close();
});
