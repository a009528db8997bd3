// A snapshot or a collection in a bucket is killed between any two requests: what is listed restores, and the next run completes.

import type { ChildProcess } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { fillSource, openS3World, type S3World } from "../harness/s3-world.ts";

const ROUNDS = LONG ? 40 : 3;

/** Kills the command when it has made so many changes to the bucket: before or after the last of them is done. Resolves with whether it was. */
async function killedAfter(s3: S3World, changes: number, words: readonly string[]): Promise<boolean> {
  let child: ChildProcess | undefined;
  let seen = 0;
  s3.server.onRequest(async (operation) => {
    if (!["PutObject", "DeleteObjects"].includes(operation)) return;
    seen += 1;
    if (seen === changes) child?.kill("SIGKILL");
  });
  const result = await s3.world.run(s3.on(...words), {
    started: (started) => {
      child = started;
    },
  });
  s3.server.onRequest(null);
  return result.signal === "SIGKILL";
}

async function expectSound(s3: S3World): Promise<void> {
  const { world, on, source, directory } = s3;
  expect((await world.summary(on("check", "--read-data")))["findings"]).toBe(0);
  const target = join(directory, "restored");
  await world.summary(on("restore", "photos", target));
  expect(await treeHash(target)).toBe(await treeHash(source));
  rmSync(target, { recursive: true });
}

test(`killed at ${ROUNDS} places, then completed, then rebuilt from the bucket`, async () => {
  const s3 = await openS3World("s3-kill");
  const { world, on, source, random } = s3;
  fillSource(s3, 8);
  await s3.init();
  await world.summary(on("snapshot", source));
  let killed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    writeFileSync(join(source, "file-1"), random.bytes(200_000));
    const words = round % 3 === 2 ? ["gc"] : ["snapshot", source];
    if (words[0] === "gc") await world.summary(on("forget", "--keep-last", "1", "--yes"));
    if (await killedAfter(s3, 1 + random.integer(4), words)) killed += 1;
    await world.summary(on("snapshot", source));
    if (LONG || round === ROUNDS - 1) await expectSound(s3);
  }
  expect(killed).toBeGreaterThan(0);
  s3.loseDatabases();
  await world.summary(on("rebuild"));
  await expectSound(s3);
});
