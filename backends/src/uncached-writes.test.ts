import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { FileHandle } from "./file-system.ts";
import { nodeFileSystem } from "./node-file-system.ts";
import { createRandom, runSeed } from "./suite/seeded-random.ts";
import { systemError } from "./suite/simulated-file-system.ts";
import { uncachedWrites } from "./uncached-writes.ts";

const seed = runSeed();
const directory = mkdtempSync(join(tmpdir(), "datadb-uncached-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Appends of all lengths, in pieces of all lengths; resolves with what the file should hold and what it holds. */
async function appended(
  fs: ReturnType<typeof uncachedWrites>,
  name: string,
): Promise<{ wanted: Buffer; found: Buffer }> {
  const random = createRandom(seed);
  const content = random.bytes(1 << 20);
  const path = join(directory, name);
  const file = await fs.open(path, "create");
  const all: Buffer[] = [];
  let position = 0;
  for (let write = 0; write < 40; write++) {
    const pieces = Array.from({ length: 1 + random.integer(8) }, () => {
      const from = random.integer(300_000);
      return content.subarray(from, from + random.integer(write % 4 === 0 ? 700_000 : 70_000));
    });
    await file.write(pieces, position);
    all.push(...pieces);
    position = all.reduce((sum, { length }) => sum + length, 0);
    if (write % 10 === 5) {
      // As after a failed write: cut back, and gone on from there.
      position -= Math.min(position, random.integer(100_000));
      await file.truncate(position);
      all.splice(0, all.length, Buffer.concat(all).subarray(0, position));
    }
  }
  await file.sync();
  await file.close();
  return { wanted: Buffer.concat(all), found: readFileSync(path) };
}

/** The direct handle, looked at. */
async function opened(path: string, write: (file: FileHandle) => FileHandle["write"]): Promise<FileHandle> {
  const file = await nodeFileSystem.open(path, "write");
  return { ...file, write: write(file) };
}

describe(`writes past the cache, DATADB_TEST_SEED=${seed}`, () => {
  test("what is written is what is there", async () => {
    const { wanted, found } = await appended(uncachedWrites(nodeFileSystem), "direct");
    expect(found.equals(wanted)).toBe(true);
  });

  test("only whole blocks go past it, and most bytes do", async () => {
    let bytes = 0;
    const fs = uncachedWrites(nodeFileSystem, 0, (path) =>
      opened(path, (file) => async (buffers, position) => {
        for (const { length } of buffers) {
          expect([position % 4096, length % 4096]).toEqual([0, 0]);
          bytes += length;
        }
        await file.write(buffers, position);
      }),
    );
    const { wanted, found } = await appended(fs, "looked-at");
    expect(found.equals(wanted)).toBe(true);
    expect(bytes).toBeGreaterThan(wanted.length / 2);
  });

  test("a file system that cannot do it, or no more, is written as always", async () => {
    const none = await appended(
      uncachedWrites(nodeFileSystem, 0, async () => null),
      "refused",
    );
    expect(none.found.equals(none.wanted)).toBe(true);
    let writes = 0;
    const fs = uncachedWrites(nodeFileSystem, 0, (path) =>
      opened(path, (file) => async (buffers, position) => {
        writes += 1;
        if (writes > 3) throw systemError("EINVAL", "pwritev");
        await file.write(buffers, position);
      }),
    );
    const some = await appended(fs, "refused-later");
    expect(some.found.equals(some.wanted)).toBe(true);
    expect(writes).toBe(4);
  });

  test("what comes first after a sync goes through it, whichever file it is of", async () => {
    let past = 0;
    const fs = uncachedWrites(nodeFileSystem, 1_000_000, (path) =>
      opened(path, (file) => async (buffers, position) => {
        past += buffers.length;
        await file.write(buffers, position);
      }),
    );
    const files = [
      await fs.open(join(directory, "one"), "create"),
      await fs.open(join(directory, "two"), "create"),
    ];
    let written = 0;
    const writesPast = async (file: FileHandle): Promise<boolean> => {
      const before = past;
      await file.write([Buffer.alloc(600_000)], written);
      written += 600_000;
      return past > before;
    };
    for (let round = 0; round < 2; round++) {
      for (const file of files) expect(await writesPast(file)).toBe(false);
      for (const file of files) expect(await writesPast(file)).toBe(true);
      await files[round]!.sync();
    }
    for (const file of files) await file.close();
  });

  test("a full disk is told as it is", async () => {
    const fs = uncachedWrites(nodeFileSystem, 0, (path) =>
      opened(path, () => async () => {
        throw systemError("ENOSPC", "pwritev");
      }),
    );
    const file = await fs.open(join(directory, "full"), "create");
    await expect(file.write([Buffer.alloc(500_000)], 7)).rejects.toMatchObject({ code: "ENOSPC" });
    await file.write([Buffer.from("short")], 0);
    await file.close();
  });
});
