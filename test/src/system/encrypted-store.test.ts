/** A store that encrypts: what is on its disk, who can read it, and what a kill leaves of a change of its keys. */
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeRecord, encodeRecord, hashLength, PACK_HEADER_BYTES } from "@datadb/protocol";
import { beforeAll, expect, test } from "vitest";
import { describeResult, openWorld, type World } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";

const directory = scratch("encrypted");
const source = join(directory, "source");
const store = join(directory, "store");
const KILLS = LONG ? 40 : 4;
const FILES = 40;
let world: World;

const keyFile = (name: string): string => join(directory, name);
const contentOf = (at: number): Buffer =>
  Buffer.from(`Confidential line ${at} of the sealed test.\n`.repeat(30 + at));
const nameOf = (at: number): string => `confidential-name-${at}.txt`;

async function makeStore(at: string, key: string): Promise<void> {
  const config = `blobs: { encrypt: { key: "file:${keyFile(key)}", to: { blobsfile: { path: blobs } } } }\n`;
  writeFileSync(join(directory, `${key}.yaml`), config);
  const made = await world.run(["init", "--store", at, "--config", join(directory, `${key}.yaml`)]);
  expect(made.stderr, describeResult(["init"], made)).toContain(
    "Without its key or passphrase nobody can ever read it",
  );
}

async function restoresExactly(target: string): Promise<void> {
  await world.summary(["restore", "--store", store, "source", join(directory, target)]);
  expect(await treeHash(join(directory, target))).toBe(await treeHash(source));
}

/** Every byte of every pack. */
function packs(at: string): Buffer {
  const files = readdirSync(join(at, "blobs"));
  return Buffer.concat(files.map((file) => readFileSync(join(at, "blobs", file))));
}

beforeAll(async () => {
  world = openWorld(directory);
  mkdirSync(join(source, "confidential-folder"), { recursive: true });
  for (let at = 0; at < FILES; at++)
    writeFileSync(join(source, "confidential-folder", nameOf(at)), contentOf(at));
  writeFileSync(join(source, "noise"), randomOf("noise").bytes(1_500_000));
  for (const key of ["first", "second"]) await world.summary(["key", "generate", keyFile(key)]);
  await makeStore(store, "first");
  await world.summary([
    "snapshot",
    "--store",
    store,
    source,
    "--meta",
    "confidential-key=confidential-value",
  ]);
});

test("no content, file name or plain hash is in the packs; another store with another key shares no name", async () => {
  const plain = join(directory, "plain");
  await world.summary(["init", "--store", plain]);
  await world.summary(["snapshot", "--store", plain, source]);
  const other = join(directory, "other");
  await makeStore(other, "second");
  await world.summary(["snapshot", "--store", other, source]);
  const hashes = Array.from({ length: FILES }, (_, at) =>
    createHash("sha256").update(contentOf(at)).digest(),
  );
  const words = [
    "onfidential",
    nameOf(7),
    source,
    "test-host",
    ...hashes.map((hash) => hash.toString("hex")),
  ];
  const [open, sealed, sealedToo] = [packs(plain), packs(store), packs(other)];
  // The same look at a store that is not encrypted finds them all.
  for (const hash of hashes) expect(open.includes(hash)).toBe(true);
  expect(open.includes("test-host")).toBe(true);
  for (const found of [sealed, sealedToo]) {
    for (const hash of hashes) expect(found.includes(hash)).toBe(false);
    for (const word of words) expect(found.includes(word), word).toBe(false);
  }
  const own = new Set(storedNames(store));
  expect(own.size).toBeGreaterThan(FILES);
  expect(storedNames(other).filter((name) => own.has(name))).toEqual([]);
});

/** Names of the records in the data packs. */
function storedNames(at: string): string[] {
  return recordsOf(readFileSync(join(at, "blobs", "blobs-00001"))).map(({ record }) =>
    record.name.toString("hex"),
  );
}

function recordsOf(pack: Buffer): { record: ReturnType<typeof decodeRecord>["record"]; offset: number }[] {
  const found = [];
  for (let offset = PACK_HEADER_BYTES; offset < pack.length; ) {
    const { record, size } = decodeRecord(pack, offset, hashLength("sha256"));
    found.push({ record, offset });
    offset += size;
  }
  return found;
}

test("with both databases deleted it is rebuilt from packs and key alone, exactly", async () => {
  rmSync(join(store, "meta"), { recursive: true });
  rmSync(join(store, "local"), { recursive: true });
  expect(await world.summary(["rebuild", "--store", store])).toMatchObject({ backups: 1, damaged: 0 });
  await restoresExactly("rebuilt");
  const checked = await world.run(["check", "--store", store, "--read-data"]);
  expect(checked.stdout, describeResult(["check"], checked)).toContain("no damage found");
});

test("another key opens nothing and says so; the right one does again", async () => {
  const config = join(store, "config.yaml");
  const right = readFileSync(config, "utf8");
  writeFileSync(config, right.replace(keyFile("first"), keyFile("second")));
  const refused = await world.run(["cat", "--store", store, "source:noise", "--json"]);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('"code":"WRONG_KEY"');
  writeFileSync(config, right);
  await restoresExactly("right-key");
});

/** Bytes of all packs. */
function packedBytes(): number {
  const blobs = join(store, "blobs");
  const sizes = readdirSync(blobs).map(
    (file) => statSync(join(blobs, file), { throwIfNoEntry: false })?.size,
  );
  return sizes.reduce<number>((sum, size = 0) => sum + size, 0);
}

/** Kills it when it has written so many bytes into packs, or soon after. */
function killAfter(child: ChildProcess, bytes: number): void {
  let least = packedBytes();
  const timer = setInterval(() => {
    const now = packedBytes();
    // Opening may have cut off what an earlier kill has left.
    least = Math.min(least, now);
    if (now - least > bytes) child.kill("SIGKILL");
  }, 1);
  child.once("exit", () => clearInterval(timer));
}

test("kill -9 in the middle of a rotation: it opens, restores, and the sealing goes on to its end", async () => {
  const random = randomOf("kill of key rotate");
  // The new key is written first, then all that older ones seal.
  const written = packedBytes();
  let killed = 0;
  for (let round = 0; round < KILLS; round++) {
    const bytes = round % 2 === 0 ? 0 : random.integer(written / 2);
    const result = await world.run(["key", "rotate", "--reseal", "--store", store], {
      started: (child) => killAfter(child, bytes),
    });
    killed += result.signal === "SIGKILL" ? 1 : 0;
  }
  console.info(`kill -9 of key rotate: ${killed} of ${KILLS} came in time`);
  await restoresExactly("after-kills");
  await world.summary(["key", "reseal", "--store", store]);
  expect(await world.summary(["key", "reseal", "--store", store])).toMatchObject({ resealed: 0, damaged: 0 });
  await world.summary(["gc", "--store", store, "--max-unused", "0"]);
  const checked = await world.run(["check", "--store", store, "--read-data"]);
  expect(checked.stdout, describeResult(["check"], checked)).toContain("no damage found");
  expect(await world.summary(["key", "list", "--store", store])).toMatchObject({ backends: [{ keys: 1 }] });
});

test("a sealed record that was changed or swapped, with a right checksum, is an error and never content", async () => {
  const names = readdirSync(join(store, "blobs")).filter((file) => file.startsWith("blobs-"));
  for (const file of names) {
    const path = join(store, "blobs", file);
    const pack = readFileSync(path);
    const records = recordsOf(pack);
    for (const { record, offset } of records) {
      // Each becomes what another one of its size was; one alone is flipped.
      const twin = records.find(
        (one) => one.record !== record && one.record.payload.length === record.payload.length,
      );
      const payload = Buffer.from(twin?.record.payload ?? record.payload);
      if (twin === undefined) payload[payload.length - 1]! ^= 1;
      Buffer.concat(encodeRecord({ ...record, payload })).copy(pack, offset);
    }
    writeFileSync(path, pack);
  }
  const words = ["cat", "--store", store, `source:confidential-folder/${nameOf(3)}`];
  const result = await world.run(words);
  expect(result.code, describeResult(words, result)).toBe(5);
  expect(result.stderr).toContain("sealed record");
  expect(result.stdout).toBe("");
  const checked = await world.run(["check", "--store", store, "--read-data"]);
  expect(checked.code).toBe(5);
});
