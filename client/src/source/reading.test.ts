import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { hashOf } from "@datadb/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chunker } from "../chunker/chunker.ts";
import { chunkerFactory } from "../chunker/open-chunker.ts";
import { slabMemory } from "../chunker/slab-memory.ts";
import { SlabPacker } from "../ingest/slab-packer.ts";
import { nativeSupport } from "../native/load-native.ts";
import { newStat } from "./entry-stat.ts";
import { type OpenDirectory, openDirectory } from "./open-directory.ts";
import { readLargeFile } from "./read-large-file.ts";
import { type ReadTools, readSmallFile } from "./read-small-file.ts";
import { CacheBlock } from "./scan-cache.ts";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-reading-"));
afterAll(() => fs.rmSync(dir, { recursive: true }));
const { native } = nativeSupport();
const memory = slabMemory(4);
let tools: ReadTools;
let chunker: Chunker;

beforeAll(async () => {
  const facts = { algorithm: "fastcdc", min: 16 << 10, avg: 64 << 10, max: 256 << 10 } as const;
  chunker = (await chunkerFactory(memory, facts))();
});

/** The directory with something that happens whenever a file has been read. */
function meddling(afterRead: () => void): OpenDirectory {
  const real = openDirectory(dir, native);
  return {
    ...real,
    statOpen(fd, stat) {
      afterRead();
      real.statOpen(fd, stat);
    },
  };
}

async function newTools(): Promise<ReadTools> {
  let next = 0;
  const packer = new SlabPacker(memory, "sha256", { acquire: async () => next++ % 4, post: () => {} });
  await packer.ensure(1);
  return { packer, chunker, hash: "sha256", emit: () => {} };
}

describe.each(["small", "large"] as const)("a %s file", (kind) => {
  const read = async (directory: OpenDirectory) => {
    tools = await newTools();
    const stat = newStat();
    directory.stat("file", stat);
    if (kind === "small") return { read: readSmallFile(tools, directory, "file", stat)!, stat };
    return { read: await readLargeFile(tools, directory, "file", stat, native, () => {}), stat };
  };
  const append = (text: string): void => fs.appendFileSync(`${dir}/file`, text);

  it("that stays is read once", async () => {
    fs.writeFileSync(`${dir}/file`, "content");
    const { read: found } = await read(openDirectory(dir, native));
    expect(found).toMatchObject({ bytes: 7, changed: false });
    expect(found.ref.chunk).toEqual(hashOf("sha256", Buffer.from("content")));
  });

  it("that changed while it was read is read once more", async () => {
    fs.writeFileSync(`${dir}/file`, "content");
    // A large file is looked at before it is read, too.
    let calls = kind === "large" ? -1 : 0;
    const { read: found, stat } = await read(meddling(() => ++calls === 1 && append(" and more")));
    expect(found).toMatchObject({ bytes: 16, changed: false });
    expect(stat.size).toBe(16);
    expect(found.ref.chunk).toEqual(hashOf("sha256", Buffer.from("content and more")));
  });

  it("that never rests is kept as it was read, and reported", async () => {
    fs.writeFileSync(`${dir}/file`, "content");
    const { read: found } = await read(meddling(() => append("!")));
    expect(found.changed).toBe(true);
    expect(found.ref.chunk).toEqual(
      hashOf("sha256", fs.readFileSync(`${dir}/file`).subarray(0, found.bytes)),
    );
  });

  it("that becomes shorter is noticed", async () => {
    fs.writeFileSync(`${dir}/file`, "content");
    let calls = kind === "large" ? -1 : 0;
    const { read: found } = await read(meddling(() => ++calls === 1 && fs.truncateSync(`${dir}/file`, 3)));
    expect(found).toMatchObject({ bytes: 3, changed: false });
  });
});

it("never opens a fifo, nor follows a symlink that took the place of a file", async () => {
  tools = await newTools();
  fs.writeFileSync(`${dir}/target`, "secret");
  fs.symlinkSync("target", `${dir}/was-a-file`);
  const directory = openDirectory(dir, native);
  expect(() => readSmallFile(tools, directory, "was-a-file", newStat())).toThrow(/ELOOP/);
  if (native) {
    native.makeNode(`${dir}/fifo`, 0o010600);
    expect(() => readSmallFile(tools, directory, "fifo", newStat())).toThrow(/no file any more/);
  }
});

describe("the scan cache", () => {
  const now = 1_700_000_000_000;
  const stat = (changedMs: number, nanos: number) => ({
    ...newStat(),
    inodeLow: 7,
    ctimeSeconds: Math.floor(changedMs / 1000),
    ctimeNanos: (changedMs % 1000) * 1e6 + nanos,
  });
  const rewrite = (entry: ReturnType<typeof stat>, trusted = true): CacheBlock => {
    const block = new CacheBlock(undefined, now);
    block.add("b", entry, trusted);
    return new CacheBlock(block.finish(), now);
  };

  it("knows a file that was at rest", () => {
    const old = stat(now - 60_000, 1);
    expect(rewrite(old).isUnchanged("b", old)).toBe(true);
    expect(rewrite(old).isUnchanged("a", old)).toBe(false);
    expect(rewrite(old).isUnchanged("b", stat(now - 60_000, 2))).toBe(false);
    expect(rewrite(old).isUnchanged("b", { ...old, inodeLow: 8 })).toBe(false);
    expect(rewrite(old).isUnchanged("b", { ...old, deviceMinor: 8 })).toBe(false);
  });

  it("does not trust what changed a moment before, or while it was read", () => {
    for (const young of [stat(now - 10, 1), stat(now - 1000, 0), stat(now + 60_000, 1)]) {
      expect(rewrite(young).isUnchanged("b", young)).toBe(false);
    }
    const old = stat(now - 60_000, 1);
    expect(rewrite(old, false).isUnchanged("b", old)).toBe(false);
  });
});
