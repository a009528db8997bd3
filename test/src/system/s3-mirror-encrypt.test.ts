// mirror(encrypt(s3), blobsfile): exact from both, from the bucket alone, and from bucket and key alone.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { fillSource, openS3World } from "../harness/s3-world.ts";

test("a bucket and a directory, of which the directory is lost, then both databases", async () => {
  const s3 = await openS3World("s3-mirror");
  const { world, on, source, directory, store, server, options } = s3;
  fillSource(s3, 15);
  writeFileSync(join(source, "telltale-name.txt"), "telltale content ".repeat(1000));
  const key = join(directory, "key");
  await world.summary(["key", "generate", key]);
  const encrypted = { encrypt: { key: `file:${key}`, to: { s3: options } } };
  await s3.init({ mirror: [encrypted, { blobsfile: { path: "blobs" } }] });
  await world.summary(on("snapshot", source));
  const wanted = await treeHash(source);
  const restored = async (label: string): Promise<string> => {
    const target = join(directory, label);
    await world.summary(on("restore", "photos", target));
    return treeHash(target);
  };
  expect(await restored("from-both")).toBe(wanted);

  // Nothing of it can be read in the bucket.
  const objects = [...server.bucket("bucket").objects].map(([name, [one]]) => ({ name, body: one!.body }));
  expect(objects.length).toBeGreaterThan(2);
  for (const { name, body } of objects)
    expect(name.includes("telltale") || body.includes("telltale"), name).toBe(false);

  rmSync(join(store, "blobs"), { recursive: true });
  rmSync(join(store, "cache"), { recursive: true, force: true });
  expect(await restored("from-the-bucket")).toBe(wanted);

  s3.loseDatabases();
  rmSync(join(store, "blobs"), { recursive: true, force: true });
  await world.summary(on("rebuild"));
  expect(await restored("from-bucket-and-key")).toBe(wanted);
});
