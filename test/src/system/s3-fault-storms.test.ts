// A network and a service that fail all the time: what is done is right or ends with a clear error, and the next run completes.
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { seed } from "../harness/random.ts";
import { fillSource, giveCredentials, openS3World, type S3World } from "../harness/s3-world.ts";

const ROUNDS = LONG ? 10 : 1;
/** What a run may say when the service fails for longer than it is patient. */
const CLEAR = ["BACKEND_UNAVAILABLE", "THROTTLED", "READ_ONLY", "DAMAGED", "LEASE_LOST", "ACCESS_DENIED"];

/** Runs the command; how it ended. What did not end well must say why. */
async function attempt({ world, on }: S3World, ...words: string[]): Promise<boolean> {
  const result = await world.run(on(...words, "--json"));
  if (result.code === 0) return true;
  const last = result.stdout.trim().split("\n").at(-1) ?? "";
  const said = `${words[0]} ended with ${result.code ?? result.signal}: ${last}${result.stderr.slice(-500)}`;
  expect(
    CLEAR.some((code) => last.includes(`"${code}"`)),
    said,
  ).toBe(true);
  return false;
}

async function restoresNewest({ world, on, source, directory }: S3World, selector: string, label: string) {
  const target = join(directory, label);
  await world.summary(on("restore", selector, target));
  expect(await treeHash(target)).toBe(await treeHash(source));
}

/** What is listed restores (the newest and the oldest, or all), and nothing is found to be wrong. */
async function expectSound(s3: S3World, label: string): Promise<void> {
  const { world, on, directory } = s3;
  const backups = (await world.records(on("ls"))).filter(({ type }) => type === "backup");
  expect(backups.length).toBeGreaterThan(0);
  for (const [at, { id }] of backups.entries()) {
    if (!LONG && at > 0 && at < backups.length - 1) continue;
    if (at === 0) await restoresNewest(s3, id, label);
    else await world.summary(on("restore", id, join(directory, `${label}-${at}`)));
  }
  expect((await world.summary(on("check", "--read-data")))["findings"]).toBe(0);
}

/** A day's changes. */
function change({ source, random }: S3World, day: number): void {
  writeFileSync(join(source, `day-${day}`), random.bytes(150_000));
  appendFileSync(join(source, "file-1"), `day ${day}`);
}

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  "one request in ten fails or brings wrong bytes (storm %i)",
  async (round) => {
    const s3 = await openS3World(`s3-storm-${round}`);
    const { world, on, source, server, directory } = s3;
    fillSource(s3, 20);
    await s3.init();
    server.plan({ seed: seed + round, probability: 0.1 });
    await attempt(s3, "snapshot", source);
    change(s3, 1);
    await attempt(s3, "snapshot", source);
    await attempt(s3, "check", "--read-data");
    await attempt(s3, "restore", "photos", join(directory, "in-the-storm"));
    await attempt(s3, "forget", "--keep-last", "1", "--yes");
    await attempt(s3, "gc");
    server.plan(null);
    await world.summary(on("snapshot", source));
    await expectSound(s3, "after");
    s3.loseDatabases();
    await world.summary(on("rebuild"));
    await restoresNewest(s3, "photos", "rebuilt");
    if (LONG) await expectSound(s3, "sound");
  },
);

test("half of all requests fail, and nobody is patient: the error is clear, and the next run completes", async () => {
  const s3 = await openS3World("s3-impatient", { maxRetries: 0 });
  const { world, on, source, server } = s3;
  fillSource(s3, 10);
  await s3.init();
  await world.summary(on("snapshot", source));
  let failures = 0;
  // A run makes few requests: all of them may succeed.
  for (let day = 1; day <= (LONG ? 20 : 3) || (failures === 0 && day < 40); day++) {
    change(s3, day);
    server.plan({ seed: seed + day, probability: 0.5 });
    if (!(await attempt(s3, day % 3 === 0 ? "gc" : "snapshot", ...(day % 3 === 0 ? [] : [source]))))
      failures += 1;
    server.plan(null);
  }
  expect(failures).toBeGreaterThan(0);
  await world.summary(on("snapshot", source));
  await expectSound(s3, "after");
});

test("an endpoint that goes away is told of and waited for, until Ctrl+C or until it is back", async () => {
  const s3 = await openS3World("s3-down", { retryDelay: 200, maxRetries: 0, retrySeconds: 86_400 });
  const { world, on, source, server } = s3;
  fillSource(s3, 20);
  await s3.init();
  let puts = 0;
  const downAt = (put: number, back?: number): void => {
    puts = 0;
    server.onRequest((operation) => {
      if (operation !== "PutObject" || ++puts !== put) return;
      server.setDown(true);
      // The request that is cut off meets it in any case.
      if (back !== undefined) setTimeout(() => server.setDown(false), back);
    });
  };
  downAt(2);
  let said = "";
  const result = await world.run(on("snapshot", source), {
    started: (child) => {
      child.stderr?.on("data", (part: Buffer) => {
        said += part.toString();
        if (said.includes("trying again for up to 86400 seconds")) child.kill("SIGINT");
      });
    },
  });
  expect(result.code, result.stderr).toBe(130);
  server.setDown(false);
  downAt(1, 500);
  await world.summary(on("snapshot", source));
  server.onRequest(null);
  expect(puts).toBeGreaterThan(1);
  await restoresNewest(s3, "photos", "after");
  if (LONG) await expectSound(s3, "sound");
});

test("credentials expire in the middle of a snapshot: it says so, and with new ones the next completes", async () => {
  const temporary = { accessKeyId: "temporary", secretAccessKey: "s", sessionToken: "token" };
  const s3 = await openS3World("s3-expired", temporary, { credentials: [temporary] });
  const { world, on, source, server } = s3;
  fillSource(s3, 20);
  await s3.init();
  let puts = 0;
  server.onRequest((operation) => {
    if (operation === "PutObject" && ++puts === 2) server.expire("temporary");
  });
  const result = await world.run(on("snapshot", source, "--json"));
  expect(result.code).toBe(1);
  expect(result.stdout).toContain('"ACCESS_DENIED"');
  expect(result.stdout).toContain("session token");
  server.onRequest(null);
  giveCredentials(s3, { accessKeyId: "fresh", secretAccessKey: "f", sessionToken: "new" });
  expect((await world.records(on("ls"))).filter(({ type }) => type === "backup")).toEqual([]);
  await world.summary(on("snapshot", source));
  await restoresNewest(s3, "photos", "after");
  if (LONG) await expectSound(s3, "sound");
});
