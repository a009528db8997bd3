/** What every backend keeps over flush, close and reopen. */

import { listedNames, namesOf } from "../suite/reading.suite.ts";
import { sampleRecords } from "../suite/sample-records.ts";
import { equal, hasLength, rejects } from "./claims.ts";
import type { ContractCase } from "./contract-case.ts";

/** The cases. */
export const DURABILITY_CASES: readonly ContractCase[] = [
  {
    group: "durability",
    name: "flushes with nothing to do, of some kinds, and at the same time all resolve",
    async run(run) {
      await run.backend.flush();
      await run.fill(sampleRecords(run.random, run.hash, 10));
      await Promise.all([
        run.backend.flush(),
        run.backend.flush(["log"]),
        run.backend.flush(["data", "node"]),
        run.backend.flush([]),
      ]);
    },
  },

  {
    group: "durability",
    name: "flushed records are there after a reopen",
    async run(run, skip) {
      skip(!run.backend.capabilities.durable, "the backend lives in memory");
      const records = sampleRecords(run.random, run.hash, 40, { kind: "data" });
      await run.fill(records);
      await run.reopen();
      equal(await run.backend.getMany("data", namesOf(records)), records);
      hasLength(await listedNames(run.backend, "data"), 40);
    },
  },

  {
    group: "durability",
    name: "close flushes, and a second one is harmless",
    async run(run, skip) {
      skip(!run.backend.capabilities.durable, "the backend lives in memory");
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 5, { kind: "log" });
      await run.backend.putMany(records);
      await run.backend.close();
      await run.reopen();
      equal(await run.backend.getMany("log", namesOf(records)), records);
    },
  },

  {
    group: "durability",
    name: "removed records stay away after a reopen",
    async run(run, skip) {
      skip(!run.backend.capabilities.durable, "the backend lives in memory");
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 4, { kind: "data" });
      await run.fill(records);
      await run.backend.removeMany("data", namesOf(records.slice(0, 2)));
      await run.reopen();
      equal([...(await run.backend.hasMany("data", namesOf(records)))], [0, 0, 1, 1]);
    },
  },

  {
    group: "durability",
    name: "after close every call rejects with a TypeError",
    async run(run) {
      await run.backend.close();
      await rejects(run.backend.hasMany("data", []), TypeError);
      await rejects(run.backend.getMany("data", []), TypeError);
      await rejects(run.backend.statMany("data", []), TypeError);
      await rejects(run.backend.reindex(), TypeError);
      await rejects(run.backend.list("data")[Symbol.asyncIterator]().next(), TypeError);
      if (!run.backend.capabilities.writable) return;
      await rejects(run.backend.putMany([]), TypeError);
      await rejects(run.backend.removeMany("data", []), TypeError);
      await rejects(run.backend.flush(), TypeError);
    },
  },
];
