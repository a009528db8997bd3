// Whoever ends a command or a server while its bucket or vault is away, or takes requests and stays silent, soon has the prompt again.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorld, type World } from "../harness/command.ts";
import { startGlacierServer } from "../harness/glacier-server/start-glacier-server.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf } from "../harness/random.ts";
import { fillSource, openS3World, type S3World } from "../harness/s3-world.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";

const INTERRUPTED = 130;
/** Of a bucket's endpoint: far more than the time that a test may take. */
const PATIENCE = { retrySeconds: 3600, timeout: 3600 };
/** Milliseconds: seconds, on a machine that is busy. */
const SOON = 200_000;

type Mode = "away" | "silent";

/** From the first request of this operation on. Resolves when it came. */
function troubleAt({ server }: S3World, operation: string, mode: Mode): Promise<void> {
  return new Promise((resolve) => {
    server.onRequest(async (name) => {
      if (name !== operation) return;
      if (mode === "away") server.setDown(true);
      resolve();
      if (mode === "silent") await new Promise(() => {});
    });
  });
}

/** Runs the command, sends the signal when `trouble` has come, and expects that it ends soon after. */
async function endsSoon(
  world: World,
  words: readonly string[],
  trouble: Promise<void>,
  signal: NodeJS.Signals,
): Promise<void> {
  let since = Number.NaN;
  const { code, stderr } = await world.run(words, {
    started: (child) => {
      void trouble.then(() => {
        since = performance.now();
        child.kill(signal);
      });
    },
  });
  expect([code, performance.now() - since < SOON], stderr).toEqual([INTERRUPTED, true]);
  // That it was cut short is no mistake of the program.
  expect(stderr).not.toMatch(/^\s+at /m);
}

async function filled(label: string): Promise<S3World> {
  const s3 = await openS3World(label, PATIENCE);
  fillSource(s3, 8);
  await s3.init();
  return s3;
}

test.concurrent("a snapshot whose bucket takes the data and stays silent", async () => {
  const s3 = await filled("silent-put");
  const { world, on, source, server } = s3;
  await endsSoon(world, on("snapshot", source), troubleAt(s3, "PutObject", "silent"), "SIGTERM");
  server.onRequest(null);
  await world.summary(on("snapshot", source));
});

test.concurrent("a rebuild whose bucket is away", async () => {
  const s3 = await filled("away-list");
  const { world, on, server } = s3;
  s3.loseDatabases();
  await endsSoon(world, on("rebuild"), troubleAt(s3, "ListObjectsV2", "away"), "SIGINT");
  server.onRequest(null);
  server.setDown(false);
  await world.summary(on("rebuild"));
});

test.concurrent("a check whose bucket takes requests for content and stays silent", async () => {
  const s3 = await filled("silent-check");
  const { world, on, source, server } = s3;
  await world.summary(on("snapshot", source));
  await endsSoon(world, on("check", "--read-data"), troubleAt(s3, "GetObject", "silent"), "SIGINT");
  server.onRequest(null);
  await world.summary(on("check", "--read-data"));
});

test.runIf(LONG).each(["away", "silent"] as const)("a server whose bucket is %s", async (mode) => {
  const s3 = await filled(`server-${mode}`);
  const server = await startServer(s3.world, s3.store);
  const trouble = troubleAt(s3, "PutObject", mode);
  const client = s3.world.run(["snapshot", s3.source, "--server", server.url]);
  await trouble;
  const since = performance.now();
  expect(await server.stop(), server.said()).not.toBeNull();
  expect(performance.now() - since).toBeLessThan(SOON);
  s3.server.onRequest(null);
  s3.server.setDown(false);
  const again = await startServer(s3.world, s3.store, { port: server.port, httpPort: server.httpPort });
  await client;
  await s3.world.summary(["snapshot", s3.source, "--server", again.url]);
  await again.stop();
});

test.runIf(LONG)("a snapshot whose vault stays silent", async () => {
  const directory = scratch("silent-vault");
  const world = openWorld(directory);
  const server = await startGlacierServer(["acme"]);
  const source = join(directory, "source");
  mkdirSync(source);
  writeFileSync(join(source, "file"), randomOf("silent-vault").bytes(300_000));
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  const warm = { blobsfile: { path: "blobs" } };
  const glacier = { vault: "acme", endpoint: server.endpoint, ...credentials, warm };
  const config = join(directory, "config.yaml");
  writeFileSync(config, JSON.stringify({ blobs: { glacier } }));
  const at = ["--store", join(directory, "store")];
  await world.summary(["init", ...at, "--config", config]);
  const asked = new Promise<void>((resolve) => {
    server.silence = resolve;
  });
  let since = Number.NaN;
  const { stderr } = await world.run(["snapshot", source, ...at], {
    started: (child) => {
      void asked.then(() => {
        since = performance.now();
        child.kill("SIGTERM");
      });
    },
  });
  expect(performance.now() - since).toBeLessThan(SOON);
  expect(stderr).toMatch(/could not be archived/);
  server.silence = null;
  await world.summary(["glacier", "archive", ...at]);
  expect(server.vault("acme").archives.size).toBe(1);
  await server.close();
});
