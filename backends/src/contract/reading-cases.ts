/** What every backend does when it is read. */
import { RECORD_KINDS } from "@datadb/protocol";
import { listedNames, listings, namesOf } from "../suite/reading.suite.ts";
import { sampleRecord, sampleRecords } from "../suite/sample-records.ts";
import { equal, hasLength, isGreater, lacksKey, matches, rejects } from "./claims.ts";
import type { ContractCase } from "./contract-case.ts";

/** The cases. */
export const READING_CASES: readonly ContractCase[] = [
  {
    group: "reading",
    name: "an empty backend has nothing, and says so without an error",
    async run(run) {
      const { backend, random, hash } = run;
      const names = namesOf(sampleRecords(random, hash, 3));
      for (const kind of RECORD_KINDS) {
        equal([...(await backend.hasMany(kind, names))], [0, 0, 0]);
        equal(await backend.getMany(kind, names), [null, null, null]);
        equal(await backend.statMany(kind, names), [null, null, null]);
        equal(await listedNames(backend, kind), []);
      }
    },
  },

  {
    group: "reading",
    name: "empty requests have empty results",
    async run(run) {
      const { backend } = run;
      hasLength(await backend.hasMany("data", []), 0);
      equal(await backend.getMany("data", []), []);
      equal(await backend.statMany("node", []), []);
    },
  },

  {
    group: "reading",
    name: "records come back as they were put, every field, in request order, repeated ones too",
    async run(run) {
      const records = sampleRecords(run.random, run.hash, 60, { kind: "data" });
      const absent = sampleRecord(run.random, run.hash);
      await run.fill(records);
      const wanted = [...records].reverse().concat(absent, records[5]!, records[5]!);
      const found = await run.backend.getMany("data", namesOf(wanted));
      equal(
        found,
        wanted.map((record) => (record === absent ? null : record)),
      );
      const has = await run.backend.hasMany("data", namesOf(wanted));
      equal(
        [...has],
        wanted.map((record) => (record === absent ? 0 : 1)),
      );
    },
  },

  {
    group: "reading",
    name: "payloads are the caller's: what it writes into them is in no later read",
    async run(run) {
      const records = sampleRecords(run.random, run.hash, 20, { kind: "data", payloadLength: 300 });
      await run.fill(records);
      for (let round = 0; round < 3; round++) {
        const found = await run.backend.getMany("data", namesOf(records));
        equal(found, records);
        for (const record of found) record!.payload.fill(round);
      }
    },
  },

  {
    group: "reading",
    name: "extreme sizes: an empty payload, and one larger than a coalesced read",
    async run(run) {
      const empty = sampleRecord(run.random, run.hash, { kind: "data", encoding: "raw", payloadLength: 0 });
      const large = { ...sampleRecord(run.random, run.hash, { kind: "data", encoding: "raw" }) };
      large.payload = Buffer.alloc(5 * 1024 * 1024, run.random.bytes(4096));
      large.length = large.payload.length;
      await run.fill([empty, large]);
      const [first, second] = await run.backend.getMany("data", [empty.name, large.name]);
      equal(first, empty);
      equal(second!.payload.equals(large.payload), true);
    },
  },

  {
    group: "reading",
    name: "kinds are separate namespaces",
    async run(run) {
      const record = sampleRecord(run.random, run.hash, { kind: "node", encoding: "raw" });
      const other = { ...record, kind: "log" as const, payload: Buffer.from("other") };
      await run.fill([record, other]);
      equal([...(await run.backend.hasMany("data", [record.name]))], [0]);
      equal(await run.backend.getMany("node", [record.name]), [record]);
      equal(await run.backend.getMany("log", [record.name]), [other]);
      equal(await listedNames(run.backend, "data"), []);
    },
  },

  {
    group: "reading",
    name: "statMany and list agree with each other and with the records",
    async run(run) {
      const records = sampleRecords(run.random, run.hash, 40, { kind: "node" });
      await run.fill(records);
      const stats = await run.backend.statMany("node", namesOf(records));
      const listed = new Map<string, unknown>();
      for (const listing of await listings(run.backend, "node")) {
        equal(listing.kind, "node");
        equal(listing.damaged, []);
        lacksKey(listing, "torn");
        let last = -1;
        for (const info of listing.records) {
          isGreater(info.offset, last);
          last = info.offset;
          listed.set(info.name.toString("hex"), info);
        }
      }
      records.forEach((record, index) => {
        const { kind, name, encoding, base, length, payload } = record;
        matches(stats[index], {
          kind,
          name,
          encoding,
          base,
          length,
          payloadLength: payload.length,
        });
        equal(listed.get(name.toString("hex")), stats[index]);
      });
      equal(listed.size, records.length);
    },
  },

  {
    group: "reading",
    name: "a listing can be left at any time",
    async run(run) {
      await run.fill(sampleRecords(run.random, run.hash, 10, { kind: "data" }));
      for await (const listing of run.backend.list("data")) {
        isGreater(listing.records.length, 0);
        break;
      }
      hasLength(await listedNames(run.backend, "data"), 10);
    },
  },

  {
    group: "reading",
    name: "a signal that was aborted before the call rejects with its reason",
    async run(run) {
      const signal = AbortSignal.abort(new Error("enough"));
      const record = sampleRecord(run.random, run.hash, { kind: "data" });
      await run.fill([record]);
      await rejects(run.backend.hasMany("data", [record.name], signal), "enough");
      await rejects(run.backend.getMany("data", [record.name], signal), "enough");
      await rejects(run.backend.statMany("data", [record.name], signal), "enough");
      const iterator = run.backend.list("data", signal)[Symbol.asyncIterator]();
      await rejects(iterator.next(), "enough");
    },
  },

  {
    group: "reading",
    name: "a reindex loses nothing and counts what is there",
    async run(run) {
      const records = sampleRecords(run.random, run.hash, 30);
      await run.fill(records);
      matches(await run.backend.reindex(), { records: 30, damaged: 0 });
      for (const record of records) {
        equal(await run.backend.getMany(record.kind, [record.name]), [record]);
      }
    },
  },
];
