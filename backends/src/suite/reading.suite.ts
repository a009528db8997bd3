/** What every backend does when it is read. */
import { type BlobRecord, RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import type { Backend, PackListing } from "../backend.ts";
import type { SuiteRun } from "./backend.suite.ts";
import { sampleRecord, sampleRecords } from "./sample-records.ts";

/** Every listing of a kind. */
export async function listings(backend: Backend, kind: RecordKind): Promise<PackListing[]> {
  const all: PackListing[] = [];
  for await (const listing of backend.list(kind)) all.push(listing);
  return all;
}

/** The names that the packs of a kind hold, sorted, as hex. */
export async function listedNames(backend: Backend, kind: RecordKind): Promise<string[]> {
  const names = (await listings(backend, kind)).flatMap(({ records }) =>
    records.map(({ name }) => name.toString("hex")),
  );
  return names.sort();
}

/** Names of records. */
export function namesOf(records: readonly BlobRecord[]): Buffer[] {
  return records.map(({ name }) => name);
}

/** Declares them. */
export function readingTests(run: SuiteRun): void {
  describe("reading", () => {
    test("an empty backend has nothing, and says so without an error", async () => {
      const { backend, random, hash } = run;
      const names = namesOf(sampleRecords(random, hash, 3));
      for (const kind of RECORD_KINDS) {
        expect([...(await backend.hasMany(kind, names))]).toEqual([0, 0, 0]);
        expect(await backend.getMany(kind, names)).toEqual([null, null, null]);
        expect(await backend.statMany(kind, names)).toEqual([null, null, null]);
        expect(await listedNames(backend, kind)).toEqual([]);
      }
    });

    test("empty requests have empty results", async () => {
      const { backend } = run;
      expect(await backend.hasMany("data", [])).toHaveLength(0);
      expect(await backend.getMany("data", [])).toEqual([]);
      expect(await backend.statMany("node", [])).toEqual([]);
    });

    test("records come back as they were put, every field, in request order, repeated ones too", async () => {
      const records = sampleRecords(run.random, run.hash, 60, { kind: "data" });
      const absent = sampleRecord(run.random, run.hash);
      await run.fill(records);
      const wanted = [...records].reverse().concat(absent, records[5]!, records[5]!);
      const found = await run.backend.getMany("data", namesOf(wanted));
      expect(found).toEqual(wanted.map((record) => (record === absent ? null : record)));
      const has = await run.backend.hasMany("data", namesOf(wanted));
      expect([...has]).toEqual(wanted.map((record) => (record === absent ? 0 : 1)));
    });

    test("extreme sizes: an empty payload, and one larger than a coalesced read", async () => {
      const empty = sampleRecord(run.random, run.hash, { kind: "data", encoding: "raw", payloadLength: 0 });
      const large = { ...sampleRecord(run.random, run.hash, { kind: "data", encoding: "raw" }) };
      large.payload = Buffer.alloc(5 * 1024 * 1024, run.random.bytes(4096));
      large.length = large.payload.length;
      await run.fill([empty, large]);
      const [first, second] = await run.backend.getMany("data", [empty.name, large.name]);
      expect(first).toEqual(empty);
      expect(second!.payload.equals(large.payload)).toBe(true);
    });

    test("payloads are the caller's: what it writes into them is in no later read", async () => {
      const records = sampleRecords(run.random, run.hash, 20, { kind: "data", payloadLength: 300 });
      await run.fill(records);
      for (let round = 0; round < 3; round++) {
        const found = await run.backend.getMany("data", namesOf(records));
        expect(found).toEqual(records);
        for (const record of found) record!.payload.fill(round);
      }
    });

    test("kinds are separate namespaces", async () => {
      const record = sampleRecord(run.random, run.hash, { kind: "node", encoding: "raw" });
      const other = { ...record, kind: "log" as const, payload: Buffer.from("other") };
      await run.fill([record, other]);
      expect([...(await run.backend.hasMany("data", [record.name]))]).toEqual([0]);
      expect(await run.backend.getMany("node", [record.name])).toEqual([record]);
      expect(await run.backend.getMany("log", [record.name])).toEqual([other]);
      expect(await listedNames(run.backend, "data")).toEqual([]);
    });

    test("statMany and list agree with each other and with the records", async () => {
      const records = sampleRecords(run.random, run.hash, 40, { kind: "node" });
      await run.fill(records);
      const stats = await run.backend.statMany("node", namesOf(records));
      const listed = new Map<string, unknown>();
      for (const listing of await listings(run.backend, "node")) {
        expect(listing.kind).toBe("node");
        expect(listing.damaged).toEqual([]);
        expect(listing).not.toHaveProperty("torn");
        let last = -1;
        for (const info of listing.records) {
          expect(info.offset).toBeGreaterThan(last);
          last = info.offset;
          listed.set(info.name.toString("hex"), info);
        }
      }
      records.forEach((record, index) => {
        const { kind, name, encoding, base, length, payload } = record;
        expect(stats[index]).toMatchObject({
          kind,
          name,
          encoding,
          base,
          length,
          payloadLength: payload.length,
        });
        expect(listed.get(name.toString("hex"))).toEqual(stats[index]);
      });
      expect(listed.size).toBe(records.length);
    });

    test("a listing can be left at any time", async () => {
      await run.fill(sampleRecords(run.random, run.hash, 10, { kind: "data" }));
      for await (const listing of run.backend.list("data")) {
        expect(listing.records.length).toBeGreaterThan(0);
        break;
      }
      expect(await listedNames(run.backend, "data")).toHaveLength(10);
    });

    test("a signal that was aborted before the call rejects with its reason", async () => {
      const signal = AbortSignal.abort(new Error("enough"));
      const record = sampleRecord(run.random, run.hash, { kind: "data" });
      await run.fill([record]);
      await expect(run.backend.hasMany("data", [record.name], signal)).rejects.toThrow("enough");
      await expect(run.backend.getMany("data", [record.name], signal)).rejects.toThrow("enough");
      await expect(run.backend.statMany("data", [record.name], signal)).rejects.toThrow("enough");
      const iterator = run.backend.list("data", signal)[Symbol.asyncIterator]();
      await expect(iterator.next()).rejects.toThrow("enough");
    });

    test("a reindex loses nothing and counts what is there", async () => {
      const records = sampleRecords(run.random, run.hash, 30);
      await run.fill(records);
      expect(await run.backend.reindex()).toMatchObject({ records: 30, damaged: 0 });
      for (const record of records) {
        expect(await run.backend.getMany(record.kind, [record.name])).toEqual([record]);
      }
    });
  });
}
