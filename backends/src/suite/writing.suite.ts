/** What every backend does when it is written; a read-only one refuses. */
import { describe, expect, test } from "vitest";
import type { SuiteRun } from "./backend.suite.ts";
import { listedNames, namesOf } from "./reading.suite.ts";
import { sampleRecord, sampleRecords } from "./sample-records.ts";

/** Declares them. */
export function writingTests(run: SuiteRun): void {
  describe("writing", () => {
    test("a backend that is not writable refuses by READ_ONLY and keeps what it has", async ({ skip }) => {
      skip(run.backend.capabilities.writable, "the backend is writable");
      const [kept, refused] = sampleRecords(run.random, run.hash, 2, { kind: "data" });
      await run.fill([kept!]);
      await expect(run.backend.putMany([refused!])).rejects.toMatchObject({ code: "READ_ONLY" });
      await expect(run.backend.removeMany("data", [kept!.name])).rejects.toMatchObject({ code: "READ_ONLY" });
      expect([...(await run.backend.hasMany("data", namesOf([kept!, refused!])))]).toEqual([1, 0]);
      await run.backend.flush();
    });

    test("accepted records are visible and listed before any flush", async ({ skip }) => {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 20, { kind: "data" });
      await run.backend.putMany(records);
      expect([...(await run.backend.hasMany("data", namesOf(records)))]).toEqual(records.map(() => 1));
      expect(await run.backend.getMany("data", namesOf(records))).toEqual(records);
      expect((await run.backend.statMany("data", namesOf(records))).map((info) => info?.length)).toEqual(
        records.map(({ length }) => length),
      );
      expect(await listedNames(run.backend, "data")).toHaveLength(20);
    });

    test("a put keeps the record that is there, before and after a flush", async ({ skip }) => {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const record = sampleRecord(run.random, run.hash, { kind: "data", encoding: "raw", payloadLength: 9 });
      const again = { ...record, encoding: "zstd" as const, payload: Buffer.from("another encoding") };
      await run.backend.putMany([record, again]);
      await run.backend.putMany([again]);
      await run.backend.flush();
      await run.backend.putMany([again]);
      expect(await run.backend.getMany("data", [record.name])).toEqual([record]);
      expect(await listedNames(run.backend, "data")).toHaveLength(1);
    });

    test("the same names put at the same time are kept once", async ({ skip }) => {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 50, { kind: "node" });
      const shuffled = [...records].reverse();
      await Promise.all([
        run.backend.putMany(records),
        run.backend.putMany(shuffled),
        run.backend.flush(),
        run.backend.putMany(records.slice(20)),
      ]);
      expect(await run.backend.getMany("node", namesOf(records))).toEqual(records);
      expect(await listedNames(run.backend, "node")).toHaveLength(50);
    });

    test("a put is of mixed kinds, or empty, and keeps no reference to the caller's memory", async ({
      skip,
    }) => {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 30);
      const copies = structuredClone(records).map((record, index) => ({
        ...records[index]!,
        payload: Buffer.from(record.payload),
      }));
      await run.backend.putMany([]);
      await run.backend.putMany(records);
      for (const record of records) record.payload.fill(0);
      for (const copy of copies) expect(await run.backend.getMany(copy.kind, [copy.name])).toEqual([copy]);
    });

    test("removed records are gone at once; absent names are no error; a record can be put again", async ({
      skip,
    }) => {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const [flushed, accepted, kept] = sampleRecords(run.random, run.hash, 3, { kind: "data" });
      const names = namesOf([flushed!, accepted!, kept!]);
      await run.backend.putMany([flushed!, kept!]);
      await run.backend.flush();
      await run.backend.putMany([accepted!]);
      await run.backend.removeMany("data", [
        flushed!.name,
        accepted!.name,
        sampleRecord(run.random, run.hash).name,
      ]);
      expect([...(await run.backend.hasMany("data", names))]).toEqual([0, 0, 1]);
      expect(await run.backend.getMany("data", names)).toEqual([null, null, kept]);
      expect(await run.backend.statMany("data", names.slice(0, 2))).toEqual([null, null]);
      await run.backend.putMany([flushed!]);
      expect(await run.backend.getMany("data", names)).toEqual([flushed, null, kept]);
    });

    test("a put with an aborted signal accepts nothing", async ({ skip }) => {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const record = sampleRecord(run.random, run.hash, { kind: "data" });
      await expect(run.backend.putMany([record], AbortSignal.abort(new Error("enough")))).rejects.toThrow(
        "enough",
      );
      expect([...(await run.backend.hasMany("data", [record.name]))]).toEqual([0]);
    });

    test("counters count records and payload bytes, not repeated puts", async ({ skip }) => {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      skip(run.backend.inner.length > 0, "a wrapper's leaves count");
      const records = sampleRecords(run.random, run.hash, 7, { kind: "data", payloadLength: 100 });
      await run.backend.putMany(records);
      await run.backend.putMany(records);
      await run.backend.getMany("data", namesOf(records.slice(0, 3)));
      expect(run.backend.counters()).toMatchObject({
        "blobs-uploaded": 7,
        "bytes-uploaded": 700,
        "blobs-downloaded": 3,
        "bytes-downloaded": 300,
        "open-fds": expect.any(Number),
      });
    });
  });
}
