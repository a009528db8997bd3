/** Damage in every file of a LevelDB is found before LevelDB meets it, and what LevelDB writes is never called damaged. */
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../keyspace/random-operations.ts";
import { testSeed } from "../store/scratch-store.ts";
import { crc32c } from "./crc32c.ts";
import { decodeSnappy } from "./decode-snappy.ts";
import { verifyLevel } from "./verify-level.ts";

const directory = mkdtempSync(join(tmpdir(), "datadb-level-"));
const random = seededRandom(testSeed());

/** Bytes that compress by half or so. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = at % 3 === 0 ? random(256) : 65 + random(3);
  return bytes;
}

/** A LevelDB with tables on several levels, and a log of several blocks; `compression` as LevelDB's. */
async function grow(name: string, compression: boolean): Promise<string> {
  const location = join(directory, name);
  const options = {
    keyEncoding: "buffer",
    valueEncoding: "buffer",
    compression,
    writeBufferSize: 64 * 1024,
  } as const;
  const level = new ClassicLevel<Buffer, Buffer>(location, options);
  await level.open();
  for (let round = 0; round < 12; round += 1) {
    const batch = level.batch();
    for (let at = 0; at < 300; at += 1) batch.put(noise(20), noise(1 + random(100)));
    if (round === 5) batch.put(Buffer.from("large"), noise(100_000));
    await batch.write();
  }
  await level.close();
  const last = new ClassicLevel<Buffer, Buffer>(location, { ...options, writeBufferSize: 4 * 1024 * 1024 });
  for (let at = 0; at < 40; at += 1) await last.put(noise(20), noise(5000));
  await last.close();
  return location;
}

const locations: string[] = [];
beforeAll(async () => {
  for (const compression of [true, false])
    locations.push(await grow(`compressed ${compression}`, compression));
});
afterAll(() => rmSync(directory, { recursive: true }));

const files = (location: string): string[] =>
  readdirSync(location).filter(
    (name) => /\.(ldb|log)$|^MANIFEST/.test(name) && statSync(join(location, name)).size > 0,
  );

test("the checksum is CRC-32C", () => {
  expect(crc32c(Buffer.from("123456789"), 0, 9)).toBe(0xe3069283);
  expect(crc32c(Buffer.from("..123456789.."), 2, 11)).toBe(0xe3069283);
});

test("compressed blocks: literals, and copies with offsets of one, two and four bytes", () => {
  for (const copy of ["1503", "220300", "2303000000"])
    expect(decodeSnappy(Buffer.from(`0f08616263${copy}08646566`, "hex")).toString()).toBe("abcabcabcabcdef");
  expect(() => decodeSnappy(Buffer.from("0f086162631504", "hex"))).toThrow("before its beginning");
});

test("what LevelDB wrote is whole, also what it left unfinished when it was killed", async () => {
  for (const location of locations) {
    expect(files(location).filter((name) => name.endsWith(".ldb")).length).toBeGreaterThan(1);
    expect(await verifyLevel(location, { tables: true })).toBeNull();
    const log = join(location, files(location).find((name) => name.endsWith(".log")) as string);
    const bytes = readFileSync(log);
    const copy = `${location} killed`;
    cpSync(location, copy, { recursive: true });
    // A table that a compaction had begun, and every way to end a log.
    writeFileSync(join(copy, "000999.ldb"), noise(3000));
    for (let round = 0; round < 30; round += 1) {
      const end = random(bytes.length + 1);
      writeFileSync(join(copy, log.slice(location.length + 1)), bytes.subarray(0, end));
      expect(await verifyLevel(copy, { tables: true }), `log cut at ${end}`).toBeNull();
    }
    // Space that the kernel gave it and that nothing was written to.
    writeFileSync(join(copy, log.slice(location.length + 1)), Buffer.concat([bytes, Buffer.alloc(5000)]));
    expect(await verifyLevel(copy, { tables: true })).toBeNull();
  }
  expect(await verifyLevel(join(directory, "absent"), { tables: true })).toBeNull();
});

test("a flipped bit anywhere is found, and names the file", async () => {
  for (const location of locations) {
    for (const name of files(location)) {
      const path = join(location, name);
      const bytes = readFileSync(path);
      for (let round = 0; round < 12; round += 1) {
        const at = random(bytes.length);
        const flipped = Buffer.from(bytes);
        flipped[at] = (bytes[at] as number) ^ (1 << random(8));
        writeFileSync(path, flipped);
        const error = await verifyLevel(location, { tables: true });
        // A table's footer has padding.
        const padding = name.endsWith(".ldb") && at >= bytes.length - 48;
        if (!padding) expect(error?.message, `byte ${at} of ${name}`).toContain(path);
      }
      writeFileSync(path, bytes);
      expect(await verifyLevel(location, { tables: true })).toBeNull();
    }
  }
});

test("a table that is shorter or gone is found, and a manifest that is no manifest", async () => {
  const copy = join(directory, "missing");
  for (const damage of [(path: string) => truncateSync(path, 10), (path: string) => rmSync(path)]) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(locations[0] as string, copy, { recursive: true });
    const table = join(copy, files(copy).find((name) => name.endsWith(".ldb")) as string);
    damage(table);
    expect((await verifyLevel(copy, { tables: false }))?.fields["file"]).toBe(table);
  }
  writeFileSync(join(copy, "CURRENT"), "nonsense");
  expect((await verifyLevel(copy, { tables: false }))?.message).toContain("CURRENT");
});
