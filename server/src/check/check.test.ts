/** A check finds what is wrong, and says which backups and paths it concerns. */
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DirectoryBuilder, encodeMeta, hashOf } from "@datadb/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CheckFinding, CheckOptions, CheckSummary, Database } from "../database.ts";
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
