/** What every backend keeps over flush, close and reopen. */
import { describe, expect, test } from "vitest";
import type { SuiteRun } from "./backend.suite.ts";
import { listedNames, namesOf } from "./reading.suite.ts";
import { sampleRecords } from "./sample-records.ts";

/** Declares them. */
export function durabilityTests(run: SuiteRun): void {
  describe("durability", () => {
    test("flushes with nothing to do, of some kinds, and at the same time all resolve", async () => {
      await run.backend.flush();
      await run.fill(sampleRecords(run.random, run.hash, 10));
      await Promise.all([
        run.backend.flush(),
        run.backend.flush(["log"]),
        run.backend.flush(["data", "node"]),
        run.backend.flush([]),
      ]);
    });

    test("flushed records are there after a reopen", async ({ skip }) => {
      skip(!run.backend.capabilities.durable, "the backend lives in memory");
      const records = sampleRecords(run.random, run.hash, 40, { kind: "data" });
      await run.fill(records);
      await run.reopen();
      expect(await run.backend.getMany("data", namesOf(records))).toEqual(records);
      expect(await listedNames(run.backend, "data")).toHaveLength(40);
    });

    test("close flushes, and a second one is harmless", async ({ skip }) => {
      skip(!run.backend.capabilities.durable, "the backend lives in memory");
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 5, { kind: "log" });
      await run.backend.putMany(records);
      await run.backend.close();
      await run.reopen();
      expect(await run.backend.getMany("log", namesOf(records))).toEqual(records);
    });

    test("removed records stay away after a reopen", async ({ skip }) => {
      skip(!run.backend.capabilities.durable, "the backend lives in memory");
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const records = sampleRecords(run.random, run.hash, 4, { kind: "data" });
      await run.fill(records);
      await run.backend.removeMany("data", namesOf(records.slice(0, 2)));
      await run.reopen();
      expect([...(await run.backend.hasMany("data", namesOf(records)))]).toEqual([0, 0, 1, 1]);
    });

    test("after close every call rejects with a TypeError", async () => {
      await run.backend.close();
      await expect(run.backend.hasMany("data", [])).rejects.toThrow(TypeError);
      await expect(run.backend.getMany("data", [])).rejects.toThrow(TypeError);
      await expect(run.backend.statMany("data", [])).rejects.toThrow(TypeError);
      await expect(run.backend.reindex()).rejects.toThrow(TypeError);
      await expect(run.backend.list("data")[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
      if (!run.backend.capabilities.writable) return;
      await expect(run.backend.putMany([])).rejects.toThrow(TypeError);
      await expect(run.backend.removeMany("data", [])).rejects.toThrow(TypeError);
      await expect(run.backend.flush()).rejects.toThrow(TypeError);
    });
  });
}
