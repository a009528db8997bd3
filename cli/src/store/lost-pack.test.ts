/** Backups after packs were lost: files that did not change must be read and stored again. */
import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CommandWorld, commandIn, type Finished } from "../testing/command-in.ts";

let directory: string;
let datadb: CommandWorld;
let packs: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "datadb-lost-"));
  datadb = commandIn(directory);
  packs = join(directory, "store/blobs");
  // Small packs, so that the scan cache of a backup is not in the one that is lost.
  writeFileSync(join(directory, "config.yaml"), "blobs:\n  blobsfile: { path: blobs, maxPackBytes: 1024 }\n");
  await done("init", "--config", "config.yaml");
  mkdirSync(join(directory, "source"));
  for (const name of ["a", "b"]) {
    writeFileSync(join(directory, "source", name), name.repeat(2000) + Math.random());
    utimesSync(join(directory, "source", name), 1000, 1000);
  }
  // A change this young is not trusted to be the last: both backups must find the files as they were for a while.
  await expect
    .poll(async () => (await done("snapshot", "source")).records.at(-1)?.["bytes"])
    .toMatchObject({ read: 0 });
});
afterEach(() => rmSync(directory, { recursive: true }));

async function done(verb: string, ...args: string[]): Promise<Finished> {
  const finished = await datadb.run(verb, ...args, "--store", "store", "--json");
  expect(finished, finished.stderr).toMatchObject({ code: 0 });
  return finished;
}

const isData = (name: string): boolean => name.startsWith("blobs-");

async function backupRestores(): Promise<void> {
  const { records } = await done("snapshot", "source");
  expect(records.at(-1)).toMatchObject({ complete: true });
  await done("restore", "source", "restored");
  for (const name of ["a", "b"])
    expect(readFileSync(join(directory, "restored", name))).toEqual(
      readFileSync(join(directory, "source", name)),
    );
}

test("a lost pack is mended by the next backup", async () => {
  rmSync(join(packs, readdirSync(packs).filter(isData).sort()[0]!));
  await backupRestores();
  await done("check");
  const { records } = await done("snapshot", "source");
  expect(records.at(-1)?.["bytes"]).toMatchObject({ read: 0 });
});

test("so is one that was lost together with local/", async () => {
  rmSync(join(packs, readdirSync(packs).filter(isData).sort()[0]!));
  rmSync(join(directory, "store/local"), { recursive: true });
  await backupRestores();
});

test("so is a pack with the bases of deltas that are still there", async () => {
  const file = join(directory, "source", "a");
  const noise = randomBytes(5000);
  writeFileSync(file, noise);
  await done("snapshot", "source");
  const before = new Set(readdirSync(packs));
  writeFileSync(file, Buffer.concat([noise, Buffer.from("a little more")]));
  await done("snapshot", "source");
  expect((await done("stats")).records.at(-1)?.["zstdDeltaRecords"]).toBeGreaterThan(0);
  const lost = readdirSync(packs).filter((name) => isData(name) && statSync(join(packs, name)).size > 5000);
  expect(lost).toHaveLength(1);
  expect(before.has(lost[0]!)).toBe(true);
  rmSync(join(packs, lost[0]!));
  await backupRestores();
});
