import type { BlobRecord } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import type { Backend, RecordInfo } from "../backend.ts";
import { listings } from "../suite/reading.suite.ts";
import { fingerprint, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { systemError } from "../suite/simulated-file-system.ts";
import { SIMULATED_STORE_ID, type SimulatedStore, simulatedStore } from "../suite/simulated-store.ts";

const seed = runSeed();
const PATH = "/store/blobs/blobs-00001";
const namesOf = (records: readonly BlobRecord[]): Buffer[] => records.map(({ name }) => name);

interface Filled {
  store: SimulatedStore;
  backend: Backend;
  records: BlobRecord[];
  infos: RecordInfo[];
}

/** 30 records of 400 bytes in packs of 4 KiB, flushed and opened again. */
async function filled(): Promise<Filled> {
  const store = simulatedStore();
  const writer = await store.open();
  const records = sampleRecords(createRandom(seed), "sha256", 30, { kind: "data", payloadLength: 400 });
  await writer.putMany(records);
  await writer.close();
  const backend = await store.open();
  const infos = (await backend.statMany("data", namesOf(records))) as RecordInfo[];
  return { store, backend, records, infos };
}

describe(`damage, DATADB_TEST_SEED=${seed}`, () => {
  test("a flipped bit anywhere in a record is DAMAGED with pack, offset and name; other records are read", async () => {
    const { store, backend, records, infos } = await filled();
    const victim = infos[3]!;
    const original = store.disk.content(PATH)!;
    const size = infos[4]!.offset - victim.offset;
    for (let at = 0; at < size; at += 7) {
      const bytes = Buffer.from(original);
      bytes[victim.offset + at]! ^= 0x10;
      // Open handles see the new content: the file is the same to them only after a reopen.
      store.disk.overwrite(PATH, bytes);
      const reader = await store.open();
      const name = records[3]!.name.toString("hex");
      await expect(reader.getMany("data", namesOf(records))).rejects.toMatchObject({
        code: "DAMAGED",
        message: expect.stringContaining(PATH),
        fields: { pack: PATH, offset: victim.offset, name },
      });
      const others = records.filter((_, index) => index !== 3);
      expect((await reader.getMany("data", namesOf(others))).map(fingerprint)).toEqual(
        others.map(fingerprint),
      );
      await reader.close();
    }
    await backend.close();
  });

  test("list names the damaged range and every other record", async () => {
    const { store, records, infos } = await filled();
    const bytes = Buffer.from(store.disk.content(PATH)!);
    bytes[infos[3]!.offset + 100]! ^= 1;
    store.disk.overwrite(PATH, bytes);
    const backend = await store.open();
    const all = await listings(backend, "data");
    expect(all.flatMap(({ records: found }) => found)).toEqual(infos.filter((_, index) => index !== 3));
    expect(all.flatMap(({ damaged }) => damaged)).toEqual([{ from: infos[3]!.offset, to: infos[4]!.offset }]);
    expect(await backend.reindex()).toMatchObject({ records: records.length - 1, damaged: 1 });
    expect(await backend.getMany("data", [records[3]!.name])).toEqual([null]);
  });

  test("large records over many reads: the damage is exactly the damaged record", async () => {
    const store = simulatedStore();
    const backend = await store.open({ blobsfile: {} });
    const random = createRandom(seed);
    const records = sampleRecords(random, "sha256", 9, { kind: "data", payloadLength: 0 });
    for (const record of records) {
      record.payload = Buffer.alloc(500_000 + random.integer(2_000_000), random.bytes(997));
      record.length = record.payload.length;
    }
    await backend.putMany(records);
    const infos = (await backend.statMany("data", namesOf(records))) as RecordInfo[];
    await backend.close();
    const bytes = store.disk.content(PATH)!;
    const at = random.integer(8);
    bytes[infos[at]!.offset + 60 + random.integer(500_000)]! ^= 4;
    const reader = await store.open({ blobsfile: {} });
    const all = await listings(reader, "data");
    expect(all.flatMap(({ damaged }) => damaged)).toEqual([
      { from: infos[at]!.offset, to: infos[at + 1]!.offset },
    ]);
    expect(all.flatMap(({ records: found }) => found.map(({ offset }) => offset))).toEqual(
      infos.filter((_, index) => index !== at).map(({ offset }) => offset),
    );
  });

  test("a damaged record that holds a copy of a pack brings no records from inside it", async () => {
    const source = await filled();
    const copy = source.store.disk.content(PATH)!;
    const store = simulatedStore();
    const backend = await store.open({ blobsfile: {} });
    const [outer, after] = sampleRecords(createRandom(seed + 2), "sha256", 2, {
      kind: "data",
      encoding: "raw",
    });
    outer!.payload = copy;
    outer!.length = copy.length;
    await backend.putMany([outer!, after!]);
    const [info] = await backend.statMany("data", [outer!.name]);
    const bytes = Buffer.from(store.disk.content(PATH)!);
    bytes[info!.offset + 55]! ^= 1;
    store.disk.overwrite(PATH, bytes);
    await backend.close();
    const reopened = await store.open({ blobsfile: {} });
    expect(await reopened.reindex()).toMatchObject({ records: 1, damaged: 1 });
    expect([...(await reopened.hasMany("data", [after!.name, source.records[1]!.name]))]).toEqual([1, 0]);
  });

  test("records of a lost pack are absent for writers, DAMAGED for readers, and a put heals them", async () => {
    const { store, records, infos } = await filled();
    store.disk.lose(PATH);
    const backend = await store.open();
    expect(store.warnings).toEqual([expect.stringContaining(`${PATH} is missing`)]);
    const lost = records.filter((_, index) => infos[index]!.pack === "blobs-00001");
    expect(lost.length).toBeGreaterThan(5);
    expect([...(await backend.hasMany("data", namesOf(lost)))]).toEqual(lost.map(() => 0));
    await expect(backend.getMany("data", namesOf(lost))).rejects.toMatchObject({ code: "DAMAGED" });
    await backend.putMany(records);
    await backend.flush();
    expect(await backend.getMany("data", namesOf(records))).toEqual(records);
    expect(
      (await backend.statMany("data", namesOf(lost))).every((info) => info!.pack !== "blobs-00001"),
    ).toBe(true);
    await backend.close();
    const reopened = await store.open();
    expect(await reopened.getMany("data", namesOf(records))).toEqual(records);
  });

  test("a pack that was cut short loses what is beyond its end, and is not written to", async () => {
    const { store, records, infos } = await filled();
    const last = infos.at(-1)!;
    const path = `/store/blobs/${last.pack}`;
    const bytes = store.disk.content(path)!.subarray(0, last.offset + 5);
    store.disk.overwrite(path, bytes);
    const backend = await store.open();
    expect(store.warnings).toEqual([expect.stringContaining(`${path} has only ${bytes.length} of`)]);
    await backend.putMany(records);
    await backend.flush();
    expect(store.disk.content(path)).toEqual(bytes);
    expect(await backend.getMany("data", namesOf(records))).toEqual(records);
  });

  test("a pack that was emptied is told of until a reindex knows that nothing is in it", async () => {
    const { store, records } = await filled();
    store.disk.overwrite(PATH, Buffer.alloc(0));
    const backend = await store.open();
    expect(store.warnings.at(-1)).toContain(`${PATH} has only 0 of`);
    await backend.reindex();
    await backend.putMany(records);
    await backend.close();
    const told = store.warnings.length;
    const again = await store.open();
    expect(store.warnings.slice(told)).toEqual([]);
    expect((await again.getMany("data", namesOf(records))).map(fingerprint)).toEqual(
      records.map(fingerprint),
    );
    await again.close();
  });

  test("packs that have each other's names are refused, and nobody is sent to look for another disk", async () => {
    const { store } = await filled();
    const header = Buffer.from(store.disk.content(PATH)!);
    header[10] = 2;
    header.writeUInt32LE((await import("node:zlib")).crc32(header.subarray(0, 60)), 60);
    await store.open().then((backend) => backend.close());
    const last = [...(await store.disk.list("/store/blobs"))].sort().at(-1)!;
    store.disk.overwrite(`/store/blobs/${last}`, header);
    await expect(store.open()).rejects.toMatchObject({
      code: "WRONG_STORE",
      message: expect.stringMatching(/ is a node pack of store .*, not a data pack/),
      next: expect.stringContaining("name them again as they were"),
    });
  });

  test("when all known packs are gone, opening says that the disk may not be mounted", async () => {
    const { store } = await filled();
    for (const file of await store.disk.list("/store/blobs")) store.disk.lose(`/store/blobs/${file}`);
    await expect(store.open()).rejects.toMatchObject({
      code: "STORE_MISSING_KNOWN",
      message: expect.stringContaining("/store/blobs"),
      next: expect.stringContaining("mounted"),
    });
  });

  test("a pack of another store or of a newer format is refused, a damaged header is not added to", async () => {
    const { store, records } = await filled();
    await store.open().then((backend) => backend.close());
    const last = [...(await store.disk.list("/store/blobs"))].sort().at(-1)!;
    const path = `/store/blobs/${last}`;
    const original = store.disk.content(path)!;
    const foreign = Buffer.from(original);
    foreign.set(Buffer.from(SIMULATED_STORE_ID).fill(9), 16);
    foreign.writeUInt32LE((await import("node:zlib")).crc32(foreign.subarray(0, 60)), 60);
    store.disk.overwrite(path, foreign);
    await expect(store.open()).rejects.toMatchObject({
      code: "WRONG_STORE",
      message: expect.stringContaining(path),
    });
    const newer = Buffer.from(original);
    newer.writeUInt16LE(2, 8);
    newer.writeUInt32LE((await import("node:zlib")).crc32(newer.subarray(0, 60)), 60);
    store.disk.overwrite(path, newer);
    await expect(store.open()).rejects.toMatchObject({
      code: "FORMAT_TOO_NEW",
      message: expect.stringContaining(path),
    });
    const flagged = Buffer.from(original);
    flagged.writeUInt32LE(1, 12);
    flagged.writeUInt32LE((await import("node:zlib")).crc32(flagged.subarray(0, 60)), 60);
    store.disk.overwrite(path, flagged);
    await expect(store.open()).rejects.toMatchObject({
      code: "FORMAT_TOO_NEW",
      message: expect.stringContaining(path),
    });
    const broken = Buffer.from(original);
    broken[60]! ^= 1;
    store.disk.overwrite(path, broken);
    const backend = await store.open();
    expect(store.warnings.at(-1)).toContain(`${path}: the header is damaged`);
    const [more] = sampleRecords(createRandom(seed + 1), "sha256", 1, { kind: "data" });
    await backend.putMany([more!]);
    await backend.flush();
    expect(store.disk.content(path)).toEqual(broken);
    expect(await backend.getMany("data", namesOf([more!, ...records]))).toEqual([more, ...records]);
  });

  test("a disk that cannot be read is BACKEND_UNAVAILABLE, a bad sector is DAMAGED, and neither is absence", async () => {
    const { store, backend, records } = await filled();
    store.disk.fault = (operation) => (operation === "read" ? systemError("ESTALE") : null);
    await expect(backend.getMany("data", namesOf(records))).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
    });
    store.disk.fault = (operation) => (operation === "read" ? systemError("EIO") : null);
    await expect(backend.getMany("data", namesOf(records))).rejects.toMatchObject({ code: "DAMAGED" });
    store.disk.fault = null;
    expect(await backend.getMany("data", namesOf(records))).toEqual(records);
  });

  test("a directory that cannot be listed is BACKEND_UNAVAILABLE", async () => {
    const { store } = await filled();
    store.disk.fault = (operation) => (operation === "list" ? systemError("EIO") : null);
    await expect(store.open()).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      fields: { path: "/store/blobs" },
    });
  });
});
