import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { MAX_CHAIN_DEPTH } from "@datadb/protocol";
import { afterAll, describe, expect, test } from "vitest";
import type { Connection } from "../connection.ts";
import { type BackupStore, backupStore } from "../testing/backup-store.ts";
import { readBack } from "../testing/read-back.ts";
import { recordChain } from "../testing/record-chain.ts";
import { snapshot } from "./snapshot.ts";

const SEED = Number(process.env["DATADB_TEST_SEED"] ?? 20_261_121);
const top = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-deltas-"));
afterAll(() => fs.rmSync(top, { recursive: true }));

function randomFrom(seed: number): (below: number) => number {
  let x = seed >>> 0;
  return (below) => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((x / 2 ** 32) * below);
  };
}

/** Rows of a table that changes: each version inserts, deletes, updates and appends a few. */
function tableOf(random: (below: number) => number, rows: number) {
  let next = 1;
  const row = (id: number): string =>
    `${id}\t${random(2 ** 30).toString(36)}\tsome text of row ${id}\t${random(1e9)}\n`;
  const all: string[] = [];
  while (all.length < rows) all.push(row(next++));
  return {
    text: (): string => all.join(""),
    change(): void {
      for (let i = 0; i < 8; i++) {
        const at = random(all.length);
        const kind = random(3);
        if (kind === 0) all[at] = row(at);
        else all.splice(at, kind === 1 ? 3 : 0, ...(kind === 1 ? [] : [row(at)]));
      }
      for (let i = 0; i < 20; i++) all.push(row(next++));
    },
  };
}

const connectionOf = {
  local: (store: BackupStore) => store.embedded,
  wire: (store: BackupStore) => store.remote,
};

function deltasIn(store: BackupStore): { count: number; deepest: number; bytes: number } {
  const deltas = [...store.records.values()].filter(({ encoding }) => encoding === "zstd-delta");
  const depths = deltas.map(({ kind, name }) => recordChain(store.records, kind, name).length - 1);
  const bytes = deltas.reduce((sum, { payload }) => sum + payload.length, 0);
  return { count: deltas.length, deepest: Math.max(0, ...depths), bytes };
}

const storedBytes = (store: BackupStore): number =>
  [...store.records.values()].reduce((sum, { payload }) => sum + payload.length, 0);

async function backUp(connection: Connection, directory: string): Promise<string> {
  const { ref, complete } = await snapshot(connection, [directory], { host: "h", name: "tree", jobs: 2 });
  expect(complete).toBe(true);
  return ref;
}

describe.each(["local", "wire"] as const)(`deltas, upload: %s, DATADB_TEST_SEED=${SEED}`, (way) => {
  test("many versions of files of all sizes: small growth, short chains, every version comes back, names as without deltas", async () => {
    const random = randomFrom(SEED);
    const store = backupStore();
    const directory = path.join(top, way);
    fs.mkdirSync(directory);
    const tables = { "large.copy": 30_000, "middle.copy": 4000, "small.copy": 120, "tiny.copy": 12 };
    const sources = Object.entries(tables).map(([name, rows]) => [name, tableOf(random, rows)] as const);
    const versions: { ref: string; files: Map<string, string> }[] = [];
    let first = 0;
    for (let version = 0; version < 6; version++) {
      for (const [name, table] of sources) fs.writeFileSync(path.join(directory, name), table.text());
      const ref = await backUp(connectionOf[way](store), directory);
      versions.push({ ref, files: new Map(sources.map(([name, table]) => [name, table.text()])) });
      if (version === 0) first = storedBytes(store);
      for (const [, table] of sources) table.change();
    }
    const { count, deepest } = deltasIn(store);
    expect(count).toBeGreaterThan(30);
    expect(deepest).toBeGreaterThan(1);
    expect(deepest).toBeLessThanOrEqual(MAX_CHAIN_DEPTH / 2);
    // 5 versions with about 28 changed rows of 45 bytes in each of four files.
    expect(storedBytes(store) - first).toBeLessThan(first / 8);
    for (const { ref, files } of versions) {
      const entries = await readBack(store.records, "sha256", ref);
      for (const [name, text] of files) expect(entries.get(name)!.content.toString() === text).toBe(true);
    }
    const fresh = backupStore();
    expect(await backUp(fresh.embedded, directory)).toBe(versions.at(-1)!.ref);
    expect(deltasIn(fresh).count).toBe(0);
  });

  test("a stream is compared with the stream of the previous backup, a scan cache with the previous one", async () => {
    const table = tableOf(randomFrom(SEED + 1), 20_000);
    const store = backupStore();
    const options = { host: "h", name: "dump" };
    const put = () =>
      snapshot(connectionOf[way](store), { stdin: Readable.from([Buffer.from(table.text())]) }, options);
    await put();
    const before = storedBytes(store);
    table.change();
    const { ref } = await put();
    expect(deltasIn(store).count).toBeGreaterThan(3);
    expect(storedBytes(store) - before).toBeLessThan(before / 10);
    expect((await readBack(store.records, "sha256", ref)).get("")!.content.toString() === table.text()).toBe(
      true,
    );
  });

  test("a base that is gone, or begins as a dictionary of zstd does, is not used", async () => {
    const store = backupStore();
    const directory = path.join(top, `${way}-base`);
    fs.mkdirSync(directory);
    const table = tableOf(randomFrom(SEED + 2), 200);
    const file = path.join(directory, "file");
    const magic = Buffer.from("37a430ec", "hex");
    fs.writeFileSync(file, Buffer.concat([magic, Buffer.from(table.text())]));
    await backUp(connectionOf[way](store), directory);
    table.change();
    fs.writeFileSync(file, Buffer.concat([magic, Buffer.from(table.text())]));
    const ref = await backUp(connectionOf[way](store), directory);
    expect(
      [...store.records.values()].some((one) => one.kind === "data" && one.length > 5000 && one.base),
    ).toBe(false);
    expect((await readBack(store.records, "sha256", ref)).get("file")!.content.subarray(4).toString()).toBe(
      table.text(),
    );
  });
});

test("without the base in the store a chunk is whole", async () => {
  const store = backupStore();
  const directory = path.join(top, "gone");
  fs.mkdirSync(directory);
  const table = tableOf(randomFrom(SEED + 3), 200);
  fs.writeFileSync(path.join(directory, "file"), table.text());
  await backUp(store.embedded, directory);
  for (const [key, { kind }] of store.records) if (kind === "data") store.records.delete(key);
  table.change();
  fs.writeFileSync(path.join(directory, "file"), table.text());
  await backUp(store.embedded, directory);
  expect(deltasIn(store).count).toBe(0);
});
