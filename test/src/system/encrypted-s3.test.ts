/** `mirror(encrypt(s3), blobsfile)`: exact from both, from the bucket alone, and from bucket and key alone; nothing readable is in the bucket. */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { openS3World, type S3World } from "../harness/s3-world.ts";

const FILES = 30;
let s3: S3World;
let wanted: string;

const contentOf = (at: number): Buffer => Buffer.from(`A confidential line, number ${at}.\n`.repeat(40 + at));

beforeAll(async () => {
  s3 = await openS3World("encrypted-s3");
  const { world, directory, source, options, on } = s3;
  mkdirSync(join(source, "confidential-folder"), { recursive: true });
  for (let at = 0; at < FILES; at++)
    writeFileSync(join(source, "confidential-folder", `confidential-${at}.txt`), contentOf(at));
  writeFileSync(join(source, "noise"), s3.random.bytes(400_000));
  wanted = await treeHash(source);
  const key = join(directory, "key");
  await world.summary(["key", "generate", key]);
  const sealed = { encrypt: { key: `file:${key}`, to: { s3: options } } };
  await s3.init({ mirror: [sealed, { blobsfile: { path: "blobs" } }] });
  await world.summary(on("snapshot", source));
});

async function restoresExactly(target: string): Promise<void> {
  const { world, on, directory } = s3;
  await world.summary(on("restore", "photos", join(directory, target)));
  expect(await treeHash(join(directory, target))).toBe(wanted);
}

test("neither names nor bodies of objects hold content, file names or plain hashes", () => {
  const objects = [...s3.server.bucket("bucket").objects];
  expect(objects.length).toBeGreaterThan(2);
  const found = Buffer.concat(
    objects.flatMap(([key, versions]) => [Buffer.from(key), ...versions.flatMap(({ body }) => body ?? [])]),
  );
  expect(found.length).toBeGreaterThan(400_000);
  for (const word of ["onfidential", "noise", "photos", "test-host"])
    expect(found.includes(word), word).toBe(false);
  for (let at = 0; at < FILES; at++) {
    const hash = createHash("sha256").update(contentOf(at)).digest();
    expect(found.includes(hash)).toBe(false);
    expect(found.includes(hash.toString("hex"))).toBe(false);
  }
});

test("exact from both; without the blobsfile member; and from bucket and key alone", async () => {
  const { world, on, store } = s3;
  await restoresExactly("both");
  rmSync(join(store, "blobs"), { recursive: true });
  rmSync(join(store, "cache"), { recursive: true, force: true });
  await restoresExactly("bucket");
  rmSync(join(store, "blobs"), { recursive: true, force: true });
  s3.loseDatabases();
  await world.summary(on("rebuild"));
  await restoresExactly("rebuilt");
  expect((await world.summary(on("check", "--read-data")))["findings"]).toBe(0);
});
