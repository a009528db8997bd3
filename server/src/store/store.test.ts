/** What is a store, what is none, and what configurations are refused. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createStore } from "./create-store.ts";
import { openDatabase } from "./open-database.ts";
import { readConfig } from "./read-config.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "datadb-create-"));
  path = join(directory, "store");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function edit(change: (text: string) => string): Promise<void> {
  const file = join(path, "config.yaml");
  await writeFile(file, change(await readFile(file, "utf8")));
}

test("a new store is for its owner only, and is what its configuration says", async () => {
  const info = await createStore(path, {
    hash: "sha1",
    config:
      "timezone: Europe/Berlin\nchunker: { algorithm: rabin, min: 1024, avg: 4096, max: 8192 }\nusers: { a: { right: read } }\n",
  });
  for (const part of ["", "meta", "local"]) expect((await stat(join(path, part))).mode & 0o777).toBe(0o700);
  expect((await stat(join(path, "config.yaml"))).mode & 0o777).toBe(0o600);
  expect(info).toMatchObject({
    hash: "sha1",
    timezone: "Europe/Berlin",
    format: 1,
    chunker: { algorithm: "rabin", avg: 4096 },
  });
  await using database = await openDatabase(path);
  expect(database.info).toEqual(info);
  expect(database.settings).toEqual({ users: { a: { right: "read" } } });
  expect((await database.blobs.putContent("data", Buffer.from("abc"))).toString("hex")).toBe(
    "a9993e364706816aba3e25717850c26c9cd0d89d",
  );
  expect((await stat(join(path, "blobs"))).mode & 0o077).toBe(0);
});

test("a directory that is occupied is refused", async () => {
  await createStore(path);
  await expect(createStore(path)).rejects.toMatchObject({ code: "STORE_EXISTS" });
  await mkdir(join(directory, "full"));
  await writeFile(join(directory, "full", "letter"), "");
  await expect(createStore(join(directory, "full"))).rejects.toThrow("letter");
  await writeFile(join(directory, "file"), "");
  await expect(createStore(join(directory, "file"))).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
});

test("a directory that is no store is told, with what to do", async () => {
  for (const wrong of [directory, join(directory, "absent")]) {
    await expect(openDatabase(wrong)).rejects.toMatchObject({
      code: "NO_STORE",
      next: expect.stringContaining("datadb init"),
    });
  }
});

describe("a configuration that is wrong", () => {
  test.each([
    [(text: string) => text.replace("format: 1", "format: 2\nfuture: yes"), "FORMAT_TOO_NEW", "has format 2"],
    [
      (text: string) => text.replace("timezone: ", "timezone: Mars/"),
      "USAGE",
      /config\.yaml, line 5: timezone: "Mars/,
    ],
    [(text: string) => `${text}colour: red\n`, "USAGE", /line \d+: colour: unknown key/],
    [(text: string) => text.replace("min: 16384", "min: many"), "USAGE", /line 8: chunker\.min: expected/],
    [
      (text: string) => text.replace("avg: 65536", "avg: 100"),
      "USAGE",
      /chunker: expected min <= avg <= max/,
    ],
    [(text: string) => text.replace("blobsfile:", "blobfile:"), "USAGE", /blobfile.*unknown backend/],
    [(text: string) => text.replace(/id: .*/, "id: 12"), "USAGE", /line 3: id: expected 32/],
    [(text: string) => `${text}users: [\n`, "USAGE", /config\.yaml, line \d+/],
    [() => "", "USAGE", /expected keys/],
  ])("is refused with key and line (%#)", async (change, code, message) => {
    await createStore(path);
    await edit(change);
    const opening = openDatabase(path);
    await expect(opening).rejects.toMatchObject({ code });
    await expect(opening).rejects.toThrow(message);
  });

  test("does not hide behind values that stand elsewhere", async () => {
    await createStore(path);
    await edit((text) => text.replace("path: blobs", "path: env:DATADB_TEST_BLOBS"));
    await expect(openDatabase(path)).rejects.toThrow("DATADB_TEST_BLOBS");
    process.env["DATADB_TEST_BLOBS"] = "elsewhere";
    const database = await openDatabase(path);
    delete process.env["DATADB_TEST_BLOBS"];
    await database.close();
    expect((await stat(join(path, "elsewhere"))).isDirectory()).toBe(true);
  });
});

test("a store that another process holds is refused, and free again when that process is killed", async () => {
  await createStore(path);
  const source = `
    import { openDatabase } from ${JSON.stringify(new URL("./open-database.ts", import.meta.url).href)};
    await openDatabase(${JSON.stringify(path)});
    console.log("held");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  await expect(openDatabase(path)).rejects.toMatchObject({ code: "STORE_LOCKED" });
  child.kill("SIGKILL");
  await once(child, "exit");
  await (await openDatabase(path)).close();
});

test("the same process cannot open a store twice, and nothing stays locked when opening fails", async () => {
  await createStore(path);
  const database = await openDatabase(path);
  await expect(openDatabase(path)).rejects.toMatchObject({ code: "STORE_LOCKED" });
  await database.commits.commit([
    { op: "set", database: Buffer.from("d"), key: Buffer.from("k"), value: Buffer.from("v") },
  ]);
  await database.close();
  await database.close();
  await expect(database.commits.commit([])).rejects.toMatchObject({ code: "READ_ONLY" });
  await rm(join(path, "blobs"), { recursive: true });
  await expect(openDatabase(path)).rejects.toMatchObject({ code: "STORE_MISSING_KNOWN" });
  await expect(openDatabase(path)).rejects.toMatchObject({ code: "STORE_MISSING_KNOWN" });
});

test("a store that cannot be read is not called damaged", async () => {
  if (process.getuid?.() === 0) return;
  await createStore(path);
  await chmod(join(path, "config.yaml"), 0);
  await expect(openDatabase(path)).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
});

test("what a killed init left behind is no obstacle to the next one; anything else is", async () => {
  await mkdir(join(path, "meta"), { recursive: true });
  await mkdir(join(path, "local"));
  await writeFile(join(path, "config.yaml.new-123"), "format: 1\nid: ");
  const { id } = await createStore(path);
  await expect(createStore(path)).rejects.toMatchObject({ code: "STORE_EXISTS" });
  expect((await readConfig(path)).id).toBe(id);
  await rm(join(path, "config.yaml"));
  await writeFile(join(path, "meta", "something"), "");
  await expect(createStore(path)).rejects.toMatchObject({ code: "STORE_EXISTS" });
});
