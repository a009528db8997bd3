// A member of a mirror was away; while it is given what it missed, the process is killed again and again. In the end it has everything by itself.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseRecords } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { fillSource, openS3World } from "../harness/s3-world.ts";

const KILLS = LONG ? 25 : 3;
const INCOMPLETE = 3;

test(`a bucket that was away catches up through ${KILLS} kills`, async () => {
  const s3 = await openS3World("mirror-kills", { packBytes: 20_000 });
  const { world, server, on, source, store, directory, random } = s3;
  fillSource(s3, 40);
  const path = join(store, "blobs");
  await s3.init({ mirror: [{ blobsfile: { path: "blobs" } }, { s3: s3.options }] });
  server.setDown(true);
  await world.summary(on("snapshot", source));
  server.setDown(false);
  const wanted = await treeHash(source);
  let killed = 0;
  for (let round = 0; round < KILLS; round++) {
    let left = 1 + random.integer(4);
    await world.run(on("mirror", "sync"), {
      started: (child) =>
        server.onRequest((operation) => {
          if (operation !== "PutObject" || --left !== 0) return;
          killed += 1;
          child.kill("SIGKILL");
        }),
    });
    server.onRequest(null);
  }
  // The last ones may find nothing left to do.
  expect(killed).toBeGreaterThan(0);
  await world.summary(on("mirror", "sync"));
  rmSync(path, { recursive: true });
  const target = join(directory, "restored");
  await world.summary(on("restore", "photos", target));
  expect(await treeHash(target)).toBe(wanted);
  // The bucket has everything; the other member could not be looked at.
  const { code, stdout } = await world.run(on("check", "--read-data", "--json"));
  expect([code, parseRecords(stdout).at(-1)?.["findings"]]).toEqual([INCOMPLETE, 0]);
});
