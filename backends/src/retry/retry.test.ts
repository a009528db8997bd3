import { BackendUnavailableError } from "@datadb/protocol";
import { expect, test } from "vitest";
import { createMemoryBackend } from "../memory/open-memory.ts";
import { backendSuite } from "../suite/backend.suite.ts";
import { type Faults, faultyBackend, outage } from "../suite/faulty-backend.ts";
import { sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { SMALL_PACKS, simulatedStore } from "../suite/simulated-store.ts";
import { retry } from "./open-retry.ts";

const POLICY = { attempts: 50, delay: 100, maxDelay: 1000 };
const pauses: number[] = [];
const CLOCK = {
  async wait(milliseconds: number) {
    pauses.push(milliseconds);
  },
  random: () => 0.999,
};

/** A third of all calls fail, before they are made or after. */
function thirdsFail(seed: number): Faults {
  const random = createRandom(seed);
  return { fault: () => (random.integer(6) === 0 ? outage() : null) };
}

backendSuite("retry over a memory that fails", async (hash) => {
  const faulty = faultyBackend(createMemoryBackend({ hash }), thirdsFail(runSeed()));
  return { backend: retry(faulty, POLICY, CLOCK) };
});

backendSuite("retry over a blobsfile that fails", async (hash) => {
  const store = simulatedStore(hash);
  const open = async () => retry(faultyBackend(await store.open(), thirdsFail(runSeed())), POLICY, CLOCK);
  return { backend: await open(), reopen: open };
});

const NEVER: Faults = { fault: () => outage() };

test("the last error is thrown when all attempts failed, after pauses that grow up to a limit", async () => {
  pauses.length = 0;
  const backend = retry(
    faultyBackend(createMemoryBackend({ hash: "sha256" }), NEVER),
    { attempts: 6, delay: 100, maxDelay: 500 },
    CLOCK,
  );
  await expect(backend.hasMany("data", [])).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  expect(pauses.map(Math.round)).toEqual([100, 200, 400, 500, 500]);
  expect(backend.counters()).toEqual({ "calls-repeated": 5 });
});

test("other errors are thrown at once, and an interrupt ends the waiting", async () => {
  let calls = 0;
  const full = {
    fault() {
      calls += 1;
      return Object.assign(new Error("full"), { code: "DISK_FULL" });
    },
  };
  const memory = createMemoryBackend({ hash: "sha256" });
  await expect(retry(faultyBackend(memory, full), POLICY, CLOCK).putMany([])).rejects.toThrow("full");
  expect(calls).toBe(1);
  const controller = new AbortController();
  const waiting = retry(faultyBackend(memory, NEVER), { attempts: 9, delay: 60_000, maxDelay: 60_000 });
  const asked = waiting.hasMany("data", [], controller.signal);
  controller.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
});

test("a flush that lost records is not repeated: they would not be there", async () => {
  const store = simulatedStore();
  const backend = retry(await store.open(), POLICY, CLOCK);
  await backend.putMany(sampleRecords(createRandom(5), "sha256", 3, { kind: "data" }));
  let failures = 0;
  store.disk.fault = (operation) => {
    if (operation !== "sync") return null;
    failures += 1;
    return Object.assign(new Error("simulated"), { code: "EIO" });
  };
  await expect(backend.flush()).rejects.toBeInstanceOf(BackendUnavailableError);
  expect(failures).toBe(1);
  store.disk.fault = null;
  await backend.close();
});

test("a listing goes on where it failed, and tells nothing twice", async () => {
  const store = simulatedStore();
  const inner = await store.open(SMALL_PACKS);
  const records = sampleRecords(createRandom(runSeed()), "sha256", 200, { kind: "data", payloadLength: 300 });
  for (const record of records) await inner.putMany([record]);
  const random = createRandom(runSeed());
  const backend = retry(
    faultyBackend(inner, { fault: (call) => (call === "list" && random.integer(4) === 0 ? outage() : null) }),
    POLICY,
    CLOCK,
  );
  const names: string[] = [];
  for await (const listing of backend.list("data"))
    names.push(...listing.records.map(({ name }) => name.toString("hex")));
  expect(names).toEqual(records.map(({ name }) => name.toString("hex")));
  expect(backend.counters()["calls-repeated"]).toBeGreaterThan(0);
  await backend.close();
});

test("who opened the store ends all waiting, also of calls that have no signal", async () => {
  const end = new AbortController();
  const patient = { attempts: 1000, delay: 3_600_000, maxDelay: 3_600_000, end: end.signal };
  const backend = retry(faultyBackend(createMemoryBackend({ hash: "sha256" }), NEVER), patient);
  const waiting = [backend.packs("data"), backend.hasMany("data", [], new AbortController().signal)];
  const settled = Promise.allSettled(waiting);
  end.abort(new Error("the server ends"));
  for (const one of await settled) expect(one).toMatchObject({ reason: { message: "the server ends" } });
});
