// The contract of backends on glacier, over a vault of this process, and what is special of it: data that comes back hours later.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Backend, createMemoryIndex, openBackend } from "@datadb/backends";
import {
  backendSuite,
  createRandom,
  runSeed,
  SMALL_PACKS,
  sampleRecords,
  simulatedStore,
} from "@datadb/backends/suite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GlacierFault } from "../harness/glacier-server/glacier-fault.ts";
import { type GlacierServer, startGlacierServer } from "../harness/glacier-server/start-glacier-server.ts";
import { scratch } from "../harness/scratch.ts";

const HOUR = 3600_000;
const random = createRandom(runSeed());
let server: GlacierServer;
beforeAll(async () => {
  server = await startGlacierServer(["contract"]);
});
afterAll(() => server.close());

function configOf(more: Record<string, unknown>) {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  const warm = { blobsfile: { path: "blobs" } };
  return { glacier: { vault: "contract", endpoint: server.endpoint, ...credentials, warm, ...more } };
}

function place(hash: "sha256" | "sha1", more: Record<string, unknown> = {}) {
  const directory = join(scratch("glacier"), "store");
  const indexes = new Map<string, ReturnType<typeof createMemoryIndex>>();
  const warnings: string[] = [];
  const config = configOf(more);
  const context = {
    ...{ storeId: randomBytes(16), hash, directory, warn: (text: string) => void warnings.push(text) },
    index(path: string) {
      const found = indexes.get(path) ?? createMemoryIndex();
      indexes.set(path, found);
      return found;
    },
  };
  return { open: () => openBackend(config, context), indexes, warnings };
}

/** Asks again and again, while hours pass. */
async function thaw(backend: Backend, names: readonly Buffer[]): Promise<void> {
  for (let round = 0; (await backend.cold!.thaw(names, "Standard", true)).records > 0; round++) {
    if (round > 5) throw new Error("it never comes");
    server.advance(5 * HOUR);
  }
}

/** The same backend for somebody who waits for what is cold before it is read. */
function thawing(backend: Backend): Backend {
  return {
    ...backend,
    async getMany(kind, names, signal) {
      signal?.throwIfAborted();
      if (kind === "data" && names.length > 0) await thaw(backend, names);
      return await backend.getMany(kind, names, signal);
    },
  };
}

// On a simulated disk: it is the vault that is tested.
backendSuite("glacier", async (hash) => {
  const store = simulatedStore(hash);
  const reopen = () => store.open(configOf({ warm: SMALL_PACKS }));
  const opened = async () => thawing(await reopen());
  return { backend: await opened(), reopen: opened };
});

test("archived data is cold until it was retrieved, and only what is needed is", async () => {
  const { open } = place("sha256", { archiveBytes: 3 << 20, partBytes: 1 << 20 });
  const backend = await open();
  const records = sampleRecords(random, "sha256", 8, { kind: "data", encoding: "raw", payloadLength: 100 });
  for (const record of records) {
    record.payload = Buffer.alloc(900_000, record.payload);
    record.length = record.payload.length;
  }
  const names = records.map(({ name }) => name);
  await backend.putMany(records);
  expect(await backend.cold!.archive()).toMatchObject({ archives: 3 });
  expect([...(await backend.hasMany("data", names))]).toEqual(names.map(() => 1));
  expect((await backend.statMany("data", names)).map((info) => info?.length)).toEqual(
    names.map(() => 900_000),
  );
  await expect(backend.getMany("data", [names[4]!])).rejects.toMatchObject({ code: "COLD_DATA" });
  await backend.putMany(records);
  expect(await backend.cold!.archive()).toEqual({ archives: 0, bytes: 0 });

  const asked = await backend.cold!.thaw([names[4]!], "Standard", false);
  expect(asked).toMatchObject({ records: 1, archives: 1, waiting: 0 });
  expect(asked.bytes).toBeLessThanOrEqual(2 << 20);
  expect(await backend.cold!.thaw([names[4]!], "Standard", true)).toMatchObject({ records: 1, waiting: 1 });
  expect(await backend.cold!.thaw([names[4]!], "Standard", true)).toMatchObject({ records: 1, waiting: 1 });
  const jobs = server.vault("contract").jobs.size;
  await backend.close();
  const again = await open();
  server.advance(5 * HOUR);
  expect(await again.cold!.thaw([names[4]!], "Standard", true)).toMatchObject({ records: 0 });
  expect(server.vault("contract").jobs.size).toBe(jobs);
  const [one] = await again.getMany("data", [names[4]!]);
  expect(one?.payload.equals(records[4]!.payload)).toBe(true);
  await expect(again.getMany("data", [names[0]!])).rejects.toMatchObject({ code: "COLD_DATA" });
  await thaw(again, names);
  const found = await again.getMany("data", names);
  expect(found.every((record, at) => record?.payload.equals(records[at]!.payload))).toBe(true);
  await again.cold!.archive({ dropRetrieved: true });
  await expect(again.getMany("data", [names[0]!])).rejects.toMatchObject({ code: "COLD_DATA" });
  await again.close();
});

test("a retrieval whose output went away is asked for again; a lost catalogue comes from the vault", async () => {
  const { open, indexes } = place("sha256");
  const backend = await open();
  const records = sampleRecords(random, "sha256", 20, { kind: "data", payloadLength: 5000 });
  const names = records.map(({ name }) => name);
  await backend.putMany(records);
  await backend.close();
  indexes.delete("glacier:contract");
  const bare = await open();
  expect([...(await bare.hasMany("data", names))]).toEqual(names.map(() => 0));
  server.vault("contract").inventory = null;
  expect(await bare.cold!.sync("Standard")).toMatchObject({ state: "no-inventory" });
  server.runInventory("contract");
  for (let round = 0; (await bare.cold!.sync("Bulk")).state !== "done"; round++) {
    expect(round).toBeLessThan(6);
    server.advance(9 * HOUR);
  }
  expect([...(await bare.hasMany("data", names))]).toEqual(names.map(() => 1));
  await bare.cold!.thaw(names, "Standard", true);
  server.advance(48 * HOUR);
  await thaw(bare, names);
  expect(await bare.getMany("data", names)).toEqual(records);
  await bare.close();
});

test("an upload that nobody saw end is cleared away; a vault out of reach keeps the backup where it is", async () => {
  const { open, warnings } = place("sha256");
  const vault = server.vault("contract");
  const records = sampleRecords(random, "sha256", 5, { kind: "data", payloadLength: 5000 });
  const backend = await open();
  await backend.putMany(records);
  server.fault = ({ path }) =>
    path.includes("archives") ? new GlacierFault(403, "AccessDeniedException", "no") : null;
  await expect(backend.cold!.archive()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  await backend.close();
  expect(warnings.join()).toContain("could not be archived");
  server.fault = () => null;
  const again = await open();
  expect(
    await again.getMany(
      "data",
      records.map(({ name }) => name),
    ),
  ).toEqual(records);
  await again.cold!.archive();
  const before = vault.archives.size;
  // What an upload leaves whose end was not seen: an archive under a name that was given up.
  const [own] = [...vault.archives.values()].slice(-1);
  expect(own?.description).toMatch(/^datadb 1 [0-9a-f]{32} data-\S+ \d+$/);
  server.runInventory("contract");
  await again.cold!.sync("Standard");
  server.advance(5 * HOUR);
  expect(await again.cold!.sync("Standard")).toMatchObject({ state: "done", missing: 0 });
  expect(vault.archives.size).toBe(before);
  await again.close();
});

test("a dead archive is kept while that costs nothing, then deleted, and no older inventory brings it back", async () => {
  const { open, indexes } = place("sha256", { archiveBytes: 20_000 });
  const vault = server.vault("contract");
  vault.archives.clear();
  const records = sampleRecords(random, "sha256", 8, { kind: "data", encoding: "raw", payloadLength: 9000 });
  const names = records.map(({ name }) => name);
  const backend = await open();
  await backend.putMany(records);
  await backend.cold!.archive();
  expect(vault.archives.size).toBe(4);
  server.runInventory("contract");
  await backend.removeMany("data", names.slice(0, 5));
  const kept = await backend.compact({ unused: 0 });
  expect(kept.packs).toBe(0);
  expect(kept.unused).toBeGreaterThan(45_000);
  expect(vault.archives.size).toBe(4);
  await backend.close();

  const eager = await place("sha256", { archiveBytes: 20_000, minimumDays: 0 }).open();
  await eager.putMany(records);
  await eager.cold!.archive();
  server.runInventory("contract");
  await eager.removeMany("data", names.slice(0, 5));
  server.fault = ({ method }) =>
    method === "DELETE" ? new GlacierFault(403, "AccessDeniedException", "no") : null;
  expect((await eager.compact({ unused: 0 })).packs).toBe(0);
  server.fault = () => null;
  const gone = await eager.compact({ unused: 0 });
  expect(gone).toMatchObject({ packs: 2 });
  expect(gone.unused).toBeGreaterThan(9000);
  expect(gone.unused).toBeLessThan(10_000);
  expect(vault.archives.size).toBe(6);
  const syncAll = async (): Promise<void> => {
    for (let round = 0; (await eager.cold!.sync("Bulk")).state !== "done"; round++) {
      expect(round).toBeLessThan(6);
      server.advance(13 * HOUR);
    }
  };
  await syncAll();
  expect((await eager.cold!.status()).archives).toBe(2);
  server.runInventory("contract");
  await syncAll();
  expect((await eager.cold!.status()).archives).toBe(2);
  expect([...(await eager.hasMany("data", names))]).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
  await eager.close();
  expect(indexes.size).toBeGreaterThan(1);
});

test("archives, jobs, what they had, and the records in it are counted", async () => {
  const backend = await place("sha256").open();
  const records = sampleRecords(random, "sha256", 4, { kind: "data", payloadLength: 1000 });
  await backend.putMany(records);
  const { bytes } = await backend.cold!.archive();
  const sent = { "blobs-uploaded": 4, "bytes-uploaded": 4000, archives: 1, "bytes-sent": bytes };
  expect(backend.counters()).toMatchObject({ ...sent, retrievals: 0, outputs: 0, "blobs-downloaded": 0 });
  await thaw(
    backend,
    records.map(({ name }) => name),
  );
  const received = { retrievals: 1, outputs: 1, "bytes-received": bytes, "bytes-downloaded": 4000 };
  expect(backend.counters()).toMatchObject({ ...sent, ...received, "blobs-downloaded": 4 });
  await backend.close();
});

test("a request that another key signed is refused, and the error says so", async () => {
  const stranger = await place("sha256", { secretAccessKey: "another" }).open();
  await stranger.putMany(sampleRecords(random, "sha256", 2, { kind: "data" }));
  await expect(stranger.cold!.archive()).rejects.toThrow(/SignatureDoesNotMatch/);
  await stranger.close();
});
