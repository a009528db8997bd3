/** What every backend does when it is written; a read-only one refuses. */

import { listedNames, namesOf } from "../suite/reading.suite.ts";
import { sampleRecord, sampleRecords } from "../suite/sample-records.ts";
import { equal, hasLength, matches, rejects } from "./claims.ts";
import type { ContractCase } from "./contract-case.ts";

/** The cases. */
export const WRITING_CASES: readonly ContractCase[] = [
  {
    group: "writing",
    name: "a backend that is not writable refuses by READ_ONLY and keeps what it has",
    async run(run, skip) {
      skip(run.backend.capabilities.writable, "the backend is writable");
      const [kept, refused] = sampleRecords(run.random, run.hash, 2, { kind: "data" });
      await run.fill([kept!]);
      await rejects(run.backend.putMany([refused!]), "READ_ONLY");
      await rejects(run.backend.removeMany("data", [kept!.name]), "READ_ONLY");
      equal([...(await run.backend.hasMany("data", namesOf([kept!, refused!])))], [1, 0]);
      await run.backend.flush();
    },
  },

  {
    group: "writing",
    name: "accepted records are visible and listed before any flush",
    async run(run, skip) {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 20, { kind: "data" });
      await run.backend.putMany(records);
      equal(
        [...(await run.backend.hasMany("data", namesOf(records)))],
        records.map(() => 1),
      );
      equal(await run.backend.getMany("data", namesOf(records)), records);
      equal(
        (await run.backend.statMany("data", namesOf(records))).map((info) => info?.length),
        records.map(({ length }) => length),
      );
      hasLength(await listedNames(run.backend, "data"), 20);
    },
  },

  {
    group: "writing",
    name: "a put keeps the record that is there, before and after a flush",
    async run(run, skip) {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const record = sampleRecord(run.random, run.hash, { kind: "data", encoding: "raw", payloadLength: 9 });
      const again = { ...record, encoding: "zstd" as const, payload: Buffer.from("another encoding") };
      await run.backend.putMany([record, again]);
      await run.backend.putMany([again]);
      await run.backend.flush();
      await run.backend.putMany([again]);
      equal(await run.backend.getMany("data", [record.name]), [record]);
      hasLength(await listedNames(run.backend, "data"), 1);
    },
  },

  {
    group: "writing",
    name: "the same names put at the same time are kept once",
    async run(run, skip) {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 50, { kind: "node" });
      const shuffled = [...records].reverse();
      await Promise.all([
        run.backend.putMany(records),
        run.backend.putMany(shuffled),
        run.backend.flush(),
        run.backend.putMany(records.slice(20)),
      ]);
      equal(await run.backend.getMany("node", namesOf(records)), records);
      hasLength(await listedNames(run.backend, "node"), 50);
    },
  },

  {
    group: "writing",
    name: "a put is of mixed kinds, or empty, and keeps no reference to the caller's memory",
    async run(run, skip) {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 30);
      const copies = structuredClone(records).map((record, index) => ({
        ...records[index]!,
        payload: Buffer.from(record.payload),
      }));
      await run.backend.putMany([]);
      await run.backend.putMany(records);
      for (const record of records) record.payload.fill(0);
      for (const copy of copies) equal(await run.backend.getMany(copy.kind, [copy.name]), [copy]);
    },
  },

  {
    group: "writing",
    name: "removed records are gone at once; absent names are no error; a record can be put again",
    async run(run, skip) {
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
      equal([...(await run.backend.hasMany("data", names))], [0, 0, 1]);
      equal(await run.backend.getMany("data", names), [null, null, kept]);
      equal(await run.backend.statMany("data", names.slice(0, 2)), [null, null]);
      await run.backend.putMany([flushed!]);
      equal(await run.backend.getMany("data", names), [flushed, null, kept]);
    },
  },

  {
    group: "writing",
    name: "a put with an aborted signal accepts nothing",
    async run(run, skip) {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const record = sampleRecord(run.random, run.hash, { kind: "data" });
      await rejects(run.backend.putMany([record], AbortSignal.abort(new Error("enough"))), "enough");
      equal([...(await run.backend.hasMany("data", [record.name]))], [0]);
    },
  },

  {
    group: "writing",
    name: "counters count records and payload bytes, not repeated puts",
    async run(run, skip) {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      skip(run.backend.inner.length > 0, "a wrapper's leaves count");
      const records = sampleRecords(run.random, run.hash, 7, { kind: "data", payloadLength: 100 });
      await run.backend.putMany(records);
      await run.backend.putMany(records);
      await run.backend.getMany("data", namesOf(records.slice(0, 3)));
      matches(run.backend.counters(), {
        "blobs-uploaded": 7,
        "bytes-uploaded": 700,
        "blobs-downloaded": 3,
        "bytes-downloaded": 300,
      });
    },
  },
];
