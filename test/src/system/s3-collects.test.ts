/** What a collection asks of a bucket: requests by packs, however many records are differences. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { openS3World, type S3World } from "../harness/s3-world.ts";

const FILES = 96;
const FILE_BYTES = 40_000;
const CHANGED_BYTES = 16_000;
/** Beside those for data: lists, the log, checkpoints, new packs. */
const OTHERS = 24;
const MIB = 1024 * 1024;

/** Changes the middle of each `step`-th file, backs all up, forgets what was before, and leaves no copy of a pack. */
async function nextDay({ world, source, random, store, server, on }: S3World, step: number): Promise<void> {
  for (let at = 0; at < FILES; at += step) {
    const file = join(source, `file-${at}`);
    const content = readFileSync(file);
    random.bytes(CHANGED_BYTES).copy(content, 12_000);
    writeFileSync(file, content);
  }
  await world.summary(on("snapshot", source));
  await world.summary(on("forget", "--keep-last", "1", "--yes"));
  rmSync(join(store, "cache"), { recursive: true });
  server.resetCounts();
}

function requests({ server }: S3World): number {
  return Object.values(server.counts()).reduce((sum, count) => sum + count.requests, 0);
}

test("a collection reads bases that lie together with a request for each pack, and leaves single ones", {
  timeout: 180_000,
}, async () => {
  const s3 = await openS3World("s3-collects", { packBytes: 4 * MIB });
  const { world, source, random, directory, server, on } = s3;
  mkdirSync(source, { recursive: true });
  // Nothing that shrinks: a difference is as large as what has changed.
  for (let at = 0; at < FILES; at++) writeFileSync(join(source, `file-${at}`), random.bytes(FILE_BYTES));
  await s3.init();
  await world.summary(on("snapshot", source));
  await nextDay(s3, 24);
  expect(await world.summary(on("gc"))).toMatchObject({ detached: 0 });
  expect(requests(s3)).toBeLessThanOrEqual(OTHERS);
  await nextDay(s3, 1);
  const keys = [...server.bucket("bucket").objects.keys()];
  const packs = keys.filter((key) => key.startsWith("db/blobs-")).length;
  // Nearly each file had a base that nothing else needs.
  const { detached } = await world.summary(on("gc"));
  expect(detached).toBeGreaterThan(FILES / 2);
  expect(requests(s3)).toBeLessThanOrEqual(OTHERS + 3 * packs);
  await world.summary(on("restore", "photos", join(directory, "restored")));
  expect(await treeHash(join(directory, "restored"))).toBe(await treeHash(source));
  expect((await world.run(on("check", "--read-data"))).stdout).toContain("no damage found");
});
