import { type Backend, createMemoryBackend } from "@datadb/backends";
import { createRandom, runSeed, sampleRecords } from "@datadb/backends/suite";
import { type BlobRecord, DamagedError } from "@datadb/protocol";
import { beforeEach, expect, test } from "vitest";
import { chainReader } from "./chain-reader.ts";

const random = createRandom(runSeed());
let backend: Backend;
let calls: number;
let damaged: Buffer | null;
/** Ten chains of four records over one base, the newest of each. */
let newest: BlobRecord[];
let root: BlobRecord;

const delta = (base: Buffer): BlobRecord => ({
  ...sampleRecords(random, "sha256", 1, { kind: "data", encoding: "zstd-delta" })[0]!,
  base,
});

beforeEach(async () => {
  const memory = createMemoryBackend({ hash: "sha256" });
  [calls, damaged] = [0, null];
  root = sampleRecords(random, "sha256", 1, { kind: "data", encoding: "raw" })[0]!;
  newest = Array.from({ length: 10 }, () => root);
  const all = [root];
  for (let depth = 0; depth < 4; depth++) {
    newest = newest.map(({ name }) => delta(name));
    all.push(...newest);
  }
  await memory.putMany(all);
  backend = {
    ...memory,
    async getMany(kind, names) {
      calls += 1;
      if (damaged && names.some((name) => damaged?.equals(name))) throw new DamagedError("damaged");
      return memory.getMany(kind, names);
    },
  };
});

test("all chains are read with as many calls as one of them has bases", async () => {
  const chainOf = await chainReader(backend, [...newest, root]);
  expect(calls).toBe(4);
  for (const record of newest) {
    const chain = await chainOf(record);
    expect(chain.map(({ base }) => base)).toEqual([null, ...chain.slice(0, -1).map(({ name }) => name)]);
    expect([chain[0], chain.at(-1), chain.length]).toEqual([root, record, 5]);
  }
  expect(await chainOf(root)).toEqual([root]);
  expect(calls).toBe(4);
});

test("damage is told to who needs what is damaged, and to nobody else", async () => {
  damaged = newest[3]!.base;
  const chainOf = await chainReader(backend, newest);
  for (const [at, record] of newest.entries()) {
    if (at === 3) await expect(chainOf(record)).rejects.toMatchObject({ code: "DAMAGED" });
    else expect((await chainOf(record)).length).toBe(5);
  }
});

test("a base that is not there and a circle are damage", async () => {
  const orphan = delta(random.bytes(32));
  const [first, second] = [delta(orphan.name), delta(orphan.name)];
  const circle = [
    { ...first, base: second.name },
    { ...second, base: first.name },
  ];
  await backend.putMany([orphan, ...circle]);
  const chainOf = await chainReader(backend, [orphan, ...circle]);
  for (const record of [orphan, ...circle])
    await expect(chainOf(record)).rejects.toMatchObject({ code: "DAMAGED" });
});
