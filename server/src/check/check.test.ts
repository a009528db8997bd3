/** A check finds what is wrong, and says which backups and paths it concerns. */
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DirectoryBuilder, encodeMeta, hashOf, ListBuilder } from "@datadb/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CheckFinding, CheckOptions, CheckSummary, Database } from "../database.ts";
import { openLevel } from "../keyspace/open-level.ts";
import { createScratchStore, type ScratchStore } from "../store/scratch-store.ts";

let store: ScratchStore;
beforeEach(async () => {
  store = await createScratchStore();
});
afterEach(() => store.remove());

const bytes = (text: string): Buffer => Buffer.from(text);
const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0n };

async function run(
  open: Database,
  options?: CheckOptions,
): Promise<{ findings: CheckFinding[]; summary: CheckSummary }> {
  const findings: CheckFinding[] = [];
  const check = open.check(options);
  for (let event = await check.next(); ; event = await check.next()) {
    if (event.done) return { findings, summary: event.value };
    if (event.value.type === "finding") findings.push(event.value);
  }
}

/** A directory with files a, b and c, each one chunk. */
async function backUp(open: Database): Promise<{ id: string; chunks: Buffer[] }> {
  const nodes: Buffer[] = [];
  const builder = new DirectoryBuilder("sha256", (_, content) => nodes.push(content));
  const chunks: Buffer[] = [];
  for (const name of ["a", "b", "c"]) {
    const chunk = await open.blobs.putContent("data", bytes(`content of ${name} `.repeat(50)));
    chunks.push(chunk);
    builder.add(
      encodeMeta({ ...common, name: bytes(name), type: "file", size: 1, chunk }),
      bytes(name),
      1,
      1,
    );
  }
  const { directory } = builder.finish();
  for (const node of nodes) await open.blobs.putContent("node", Buffer.from(node));
  const root = encodeMeta({
    ...common,
    name: bytes("root"),
    type: "directory",
    size: 3,
    entries: 3,
    ...(directory ? { directory } : {}),
  });
  const ref = await open.blobs.putContent("node", Buffer.from(root));
  expect(ref).toEqual(hashOf("sha256", root));
  const { backup, timestamp } = await open.commits.reserveBackup(bytes("h"), bytes("/"));
  await open.commits.commit([
    { op: "backup", host: bytes("h"), path: bytes("/"), timestamp, ref, fields: [] },
  ]);
  return { id: backup.toString("hex"), chunks };
}

async function packOf(kind: "blobs" | "nodes" | "log"): Promise<string> {
  const directory = join(store.directory, "blobs");
  return join(directory, (await readdir(directory)).find((name) => name.startsWith(kind)) as string);
}

/** Flips a bit in the payload of the record with this name. */
async function flip(pack: string, name: Buffer): Promise<void> {
  const content = await readFile(pack);
  const at = content.indexOf(name) + name.length + 10;
  content[at] = (content[at] as number) ^ 1;
  await writeFile(pack, content);
}

test("a sound store has no findings", async () => {
  await using open = await store.open();
  await backUp(open);
  await backUp(open);
  const { findings, summary } = await run(open, { readData: 100 });
  expect(findings).toEqual([]);
  expect(summary).toMatchObject({ findings: 0, backups: 2, nodes: 2, data: 3, read: 5 });
  expect((await run(open, { readData: 50 })).findings).toEqual([]);
});

describe("a bit that flipped", () => {
  test("in a chunk is found when data is read, with backup and path", async () => {
    const open = await store.open();
    const { id, chunks } = await backUp(open);
    await open.close();
    await flip(await packOf("blobs"), chunks[1] as Buffer);
    await using again = await store.open();
    expect((await run(again)).findings).toEqual([]);
    const { findings, summary } = await run(again, { readData: 100 });
    const name = chunks[1]?.toString("hex");
    const damaged = findings.find((one) => one.name === name);
    expect(damaged).toMatchObject({
      what: "damaged-record",
      kind: "data",
      affected: [{ backup: id, paths: ["/b"] }],
    });
    expect(findings.map(({ what }) => what)).toEqual(["damaged-record"]);
    expect(damaged?.affected?.[0]?.places).toEqual([{ path: "/b", from: 0, to: 1 }]);
    expect(summary.findings).toBe(1);
    // From now on it counts as absent for writers: the next backup that has its content puts it again.
    expect([...(await again.blobs.hasMany("data", chunks))]).toEqual([1, 0, 1]);
    expect(again.whole()).toBe(false);
    await expect(again.blobs.getContent("data", chunks[1] as Buffer)).rejects.toMatchObject({
      code: "DAMAGED",
    });
    expect(await again.blobs.getContent("data", chunks[0] as Buffer)).toEqual(
      bytes("content of a ".repeat(50)),
    );
  });

  test("in a node is found without reading data", async () => {
    const open = await store.open();
    const { id } = await backUp(open);
    const nodes: Buffer[] = [];
    for await (const page of open.blobs.names("node")) nodes.push(...page);
    await open.close();
    await flip(await packOf("nodes"), nodes[0] as Buffer);
    await using again = await store.open();
    const { findings } = await run(again);
    expect(findings.filter((one) => one.name === nodes[0]?.toString("hex"))).toMatchObject([
      { affected: [{ backup: id, paths: ["/"] }] },
    ]);
  });

  test("in a log record is found", async () => {
    const open = await store.open();
    await backUp(open);
    await open.commits.commit([
      { op: "set", database: bytes("d"), key: bytes("k"), value: bytes("v".repeat(100)) },
    ]);
    const name = open.commits.head().name;
    await open.commits.commit([{ op: "set", database: bytes("d"), key: bytes("l"), value: bytes("w") }]);
    await open.close();
    await flip(await packOf("log"), name);
    await using again = await store.open();
    const { findings } = await run(again);
    expect(findings.map(({ message }) => message).join()).toContain("misses record 2");
  });
});

test("a pack that lost its end is told, with the backups that miss something", async () => {
  const open = await store.open();
  const { id, chunks } = await backUp(open);
  await open.close();
  const pack = await packOf("blobs");
  await truncate(pack, (await readFile(pack)).indexOf(chunks[2] as Buffer) - 16);
  await using again = await store.open();
  expect(store.warnings.join()).toContain("blobs-00001");
  const { findings } = await run(again);
  expect(findings).toMatchObject([
    {
      what: "missing",
      kind: "data",
      name: chunks[2]?.toString("hex"),
      affected: [{ backup: id, paths: ["/c"] }],
    },
  ]);
  // Putting what is missing mends it.
  await again.blobs.putContent("data", bytes("content of c ".repeat(50)));
  expect((await run(again, { readData: 100 })).summary.findings).toBe(0);
});

test.each(["blobs", "nodes", "log"] as const)("a damaged header of %s is found, and mended", async (kind) => {
  const first = await store.open();
  await backUp(first);
  await first.close();
  const pack = await packOf(kind);
  const content = await readFile(pack);
  const before = Buffer.from(content.subarray(0, 20));
  content[20] = (content[20] as number) ^ 1;
  await writeFile(pack, content);
  await using open = await store.open();
  const { findings } = await run(open);
  expect(findings).toMatchObject([{ what: "pack-header", pack: basename(pack) }]);
  expect((await run(open, { repair: true })).summary).toMatchObject({ findings: 0, mended: 1 });
  expect((await run(open, { readData: 100 })).findings).toEqual([]);
  expect((await readFile(pack)).subarray(0, 20)).toEqual(before);
  expect(await readdir(join(store.directory, "blobs", "damaged"))).toEqual([`${basename(pack)}-0-header`]);
});

test("a log that lost its beginning is found, although its end is whole", async () => {
  const open = await store.open();
  for (let at = 0; at < 4; at += 1) await backUp(open);
  const record = await readFile(await packOf("log"));
  await open.close();
  // Names of log records stand 16 bytes behind their magic.
  const names: Buffer[] = [];
  for (let at = record.indexOf("dRec"); at >= 0; at = record.indexOf("dRec", at + 4))
    names.push(record.subarray(at + 16, at + 48));
  const level = await openLevel(join(store.directory, "local"));
  for (const name of names.slice(0, 2))
    await level.del(Buffer.concat([Buffer.from("i/blobsfile:blobs/\u0003"), name]));
  await level.close();
  await using again = await store.open();
  const { findings } = await run(again);
  expect(findings).toMatchObject([{ what: "log", message: expect.stringContaining("the log record 2") }]);
  expect((await run(again, { repair: true })).summary.findings).toBe(0);
  expect((await run(again)).findings).toEqual([]);
});

test.each(["meta", "local"] as const)(
  "damage within %s/ ends a check before LevelDB meets it",
  async (part) => {
    const first = await store.open();
    await backUp(first);
    await first.close();
    // Opening once more makes a table of the log.
    await (await store.open()).close();
    await using open = await store.open();
    const directory = join(store.directory, part);
    const table = join(directory, (await readdir(directory)).find((name) => name.endsWith(".ldb")) as string);
    const content = await readFile(table);
    content[10] = (content[10] as number) ^ 16;
    await writeFile(table, content);
    const { findings } = await run(open, { readData: 100, repair: true });
    expect(findings).toMatchObject([
      { what: part === "meta" ? "keyspace" : "index", message: expect.stringContaining(table) },
    ]);
  },
);

test("damage in a table is named down to its rows", async () => {
  await using open = await store.open();
  const nodes: Buffer[] = [];
  const list = new ListBuilder("sha256", (_, content) => nodes.push(Buffer.from(content)));
  const chunks: Buffer[] = [];
  let size = 0;
  for (let chunk = 0; chunk < 40; chunk += 1) {
    const content = bytes(Array.from({ length: 100 }, (_, row) => `${chunk}\t${row}\n`).join(""));
    const name = await open.blobs.putContent("data", content);
    chunks.push(name);
    list.add({ name, length: content.length });
    size += content.length;
  }
  const { ref: content } = list.finish();
  for (const node of nodes) await open.blobs.putContent("node", node);
  const meta = encodeMeta({
    ...common,
    name: bytes("t.copy"),
    type: "file",
    size,
    ...content,
    source: '{"rows":4000}',
  });
  const ref = await open.blobs.putContent("node", Buffer.from(meta));
  const { timestamp } = await open.commits.reserveBackup(bytes("h"), bytes("/"));
  await open.commits.commit([
    { op: "backup", host: bytes("h"), path: bytes("/"), timestamp, ref, fields: [] },
  ]);
  const pack = await packOf("blobs");
  await flip(pack, chunks[7] as Buffer);
  const placesOf = async (): Promise<unknown[]> => {
    const { findings } = await run(open, { readData: 100 });
    return findings.map(({ affected }) => affected?.[0]?.places[0]).sort((a, b) => a!.from! - b!.from!);
  };
  expect(await placesOf()).toMatchObject([{ path: "/", fromRow: 701, toRow: 800 }]);
  // How many rows are gone is known then, and not how many of them in which place.
  await flip(pack, chunks[30] as Buffer);
  expect(await placesOf()).toMatchObject([
    { path: "/", fromRow: 701, toRow: 900 },
    { path: "/", fromRow: 2901, toRow: 3100 },
  ]);
});
