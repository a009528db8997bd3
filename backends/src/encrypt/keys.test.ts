/** Keys and passphrases of a place: who may open it, what is said to others, and what a crash leaves. */
import { chmodSync } from "node:fs";
import { decodeKeyFile, encodeKeyFile } from "@datadb/protocol";
import { afterAll, expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import type { BackendConfig } from "../backend-options.ts";
import { openBackend } from "../open-backend.ts";
import { listings, namesOf } from "../suite/reading.suite.ts";
import { sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import {
  SIMULATED_STORE_ID,
  type SimulatedStore,
  SMALL_PACKS,
  simulatedStore,
} from "../suite/simulated-store.ts";
import { sealedWorld } from "./sealed-world.ts";
import { type StoreKeys, storeKeysOf } from "./store-keys.ts";

const world = sealedWorld();
afterAll(world.dispose);
const random = createRandom(runSeed());
const CHEAP = { passes: 1, memoryKiB: 64 };
const keyOf = (name: string) => ({ key: Buffer.alloc(32, name) });
const keysOf = (backend: Backend): StoreKeys => storeKeysOf(backend)[0]!;

async function openWith(store: SimulatedStore, config: BackendConfig): Promise<void> {
  await (await store.open(config)).close();
}

async function filled(): Promise<{
  store: SimulatedStore;
  backend: Backend;
  records: ReturnType<typeof sampleRecords>;
}> {
  const store = simulatedStore();
  const backend = await store.open(world.config("first"));
  const records = sampleRecords(random, "sha256", 30, { kind: "data" });
  await backend.putMany(records);
  await backend.flush();
  return { store, backend, records };
}

test("a wrong key is refused, and says so", async () => {
  const { store, backend } = await filled();
  await backend.close();
  await expect(store.open(world.config("other"))).rejects.toMatchObject({
    code: "WRONG_KEY",
    message: expect.stringContaining("encrypt blobsfile /store/blobs does not open with the key"),
  });
  const passphrase = world.key("words", "correct horse battery\n");
  await expect(store.open({ encrypt: { passphrase, to: SMALL_PACKS } })).rejects.toMatchObject({
    code: "WRONG_KEY",
  });
  await openWith(store, world.config("first"));
});

test("keys and passphrases are added and removed; the last one and the one in use stay", async () => {
  const { store, backend, records } = await filled();
  const keys = keysOf(backend);
  const [own] = keys.slots();
  expect(keys.slots()).toMatchObject([{ type: "key", current: true }]);
  await expect(keys.remove(own!.id)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("last key"),
  });
  const second = await keys.add(keyOf("second"), "the safe");
  await expect(keys.add(keyOf("second"), "")).rejects.toMatchObject({ code: "USAGE" });
  await keys.add({ passphrase: Buffer.from("correct horse") }, "", CHEAP);
  await expect(keys.remove(own!.id)).rejects.toThrow("names");
  await expect(keys.remove("zz")).rejects.toMatchObject({ code: "USAGE" });
  await backend.close();

  const passphrase = world.key("words", "correct horse\n");
  const reopened = await store.open({ encrypt: { passphrase, to: SMALL_PACKS } });
  expect(await reopened.getMany("data", namesOf(records))).toEqual(records);
  expect(keysOf(reopened).slots()).toMatchObject([
    { type: "key", label: "", current: false },
    { id: second.id, type: "key", label: "the safe", current: false },
    { type: "passphrase", current: true },
  ]);
  await keysOf(reopened).remove(own!.id.slice(0, 6));
  await reopened.close();
  await expect(store.open(world.config("first"))).rejects.toMatchObject({ code: "WRONG_KEY" });
  await openWith(store, world.config("second"));
});

test("after a rotation new records have the new epoch, old ones are read; resealing moves them, also when it is cut", async () => {
  const { store, backend, records } = await filled();
  expect(await keysOf(backend).rotate()).toBe(2);
  const young = sampleRecords(random, "sha256", 5, { kind: "node" });
  await backend.putMany(young);
  expect(await epochs(backend)).toEqual({ 1: 30, 2: 5 });
  const controller = new AbortController();
  const cut = keysOf(backend).reseal({
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  // All fit into one batch: it is only durable with the next flush.
  await cut.catch((error: Error) => expect(error.message).toBe("enough"));
  const after = store.crash(() => 0);
  const reopened = await after.open(world.config("first"));
  expect(await keysOf(reopened).reseal({})).toMatchObject({ damaged: 0 });
  expect(await epochs(reopened)).not.toHaveProperty("1");
  expect(await keysOf(reopened).reseal({})).toMatchObject({ records: 0 });
  expect(await reopened.getMany("data", namesOf(records))).toEqual(records);
  expect(await reopened.reindex()).toMatchObject({ records: await count(reopened), damaged: 0 });
  await reopened.close();
  await openWith(after, world.config("first"));
});

async function count(backend: Backend): Promise<number> {
  let found = 0;
  for (const kind of ["data", "node", "log"] as const)
    for (const { records } of await listings(backend, kind)) found += records.length;
  return found;
}

/** How many records name each epoch: as stored. */
async function epochs(backend: Backend): Promise<Record<number, number>> {
  const found: Record<number, number> = {};
  for (const kind of ["data", "node"] as const) {
    for (const { name } of (await listings(backend.inner[0]!, kind)).flatMap(({ records }) => records)) {
      const [record] = await backend.inner[0]!.getMany(kind, [name]);
      // Removed key records are still in their packs, and the present one is no sealed record.
      if (record?.payload[0] !== 1) continue;
      const epoch = record.payload.readUInt32LE(1);
      found[epoch] = (found[epoch] ?? 0) + 1;
    }
  }
  return found;
}

test("power may fail at any write of a change: the place opens with the keys before it, or after it", async () => {
  for (let cut = 0; ; cut++) {
    const { store, backend, records } = await filled();
    let operations = 0;
    let crashedStore: SimulatedStore | undefined;
    store.disk.delay = () => {
      if (operations++ === cut) crashedStore = store.crash((change) => (change.index + cut) % 2);
      return null;
    };
    await keysOf(backend).rotate();
    store.disk.delay = null;
    await backend.close();
    if (crashedStore === undefined) break;
    const reopened = await crashedStore.open(world.config("first"));
    expect(keysOf(reopened).epochs().length).toBeLessThanOrEqual(2);
    expect(await reopened.getMany("data", namesOf(records))).toEqual(records);
    await reopened.close();
  }
});

test("of the two copies of the key record one is enough; without any it comes back from an export", async () => {
  const { store, backend, records } = await filled();
  const exported = keysOf(backend).export();
  await backend.close();
  const copies = ["/store/blobs/nodes-00001", "/store/blobs/log-00001"];
  const lost = (path: string): void => {
    const bytes = Buffer.from(store.disk.content(path)!);
    bytes.fill(0xff, 70);
    store.disk.overwrite(path, bytes);
  };
  lost(copies[0]!);
  await openWith(store, world.config("first"));
  expect(store.warnings.join("\n")).toContain("one of the two copies");
  for (const path of [...copies, "/store/blobs/nodes-00002"]) if (store.disk.content(path)) lost(path);
  await expect(store.open(world.config("first"))).rejects.toMatchObject({
    code: expect.stringMatching("NOT_AUTHENTIC|DAMAGED"),
  });
  const context = {
    ...{
      storeId: SIMULATED_STORE_ID,
      hash: "sha256" as const,
      directory: "/store",
      warn: () => {},
      fs: store.disk,
    },
    index: (path: string) => store.indexes.get(path)!,
  };
  await expect(openBackend(world.config("other"), { ...context, keyRecord: exported })).rejects.toMatchObject(
    {
      code: "WRONG_KEY",
    },
  );
  const saved = await openBackend(world.config("first"), { ...context, keyRecord: exported });
  expect(await saved.getMany("data", namesOf(records))).toEqual(records);
  await saved.close();
  await openWith(store, world.config("first"));
});

test("a place that holds plain records, or whose keys are gone, is not given new ones", async () => {
  const store = simulatedStore();
  const plain = await store.open(SMALL_PACKS);
  await plain.putMany(sampleRecords(random, "sha256", 3));
  await plain.close();
  await expect(store.open(world.config("first"))).rejects.toMatchObject({
    code: "DAMAGED",
    message: expect.stringContaining("no key record"),
  });
});

test("keys that others may read, that are damaged or missing, or written into the configuration are refused", async () => {
  const loose = world.key("loose");
  chmodSync(loose.slice(5), 0o640);
  const cases: [Record<string, unknown>, string][] = [
    [{ key: loose }, "can be read by others (mode 0640)"],
    [{ key: "file:/does/not/exist" }, "cannot be read"],
    [{ key: world.key("torn", encodeKeyFile(Buffer.alloc(32, 1)).slice(0, -9)) }, "not whole"],
    [{ key: "env:DATADB_TEST_NO_SUCH_KEY" }, "not set"],
    [{ key: encodeKeyFile(Buffer.alloc(32, 1)) }, "must say where the key is"],
    [{ passphrase: world.key("short", "1234567") }, "fewer than 8 bytes"],
    [{}, "either key or passphrase"],
    [{ key: loose, passphrase: loose }, "either key or passphrase"],
  ];
  for (const [options, message] of cases) {
    const store = simulatedStore();
    const problem = store.open({ encrypt: { ...options, to: SMALL_PACKS } });
    await expect(problem).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining(message) });
    await expect(problem).rejects.not.toThrow(encodeKeyFile(Buffer.alloc(32, 1)).slice(14, 30));
    expect(store.disk.calls.open).toBe(0);
  }
});

test("a key may come from the environment", async () => {
  process.env["DATADB_TEST_KEY"] = encodeKeyFile(
    decodeKeyFile(encodeKeyFile(Buffer.alloc(32, "first"))),
  ).trim();
  try {
    const { store, backend } = await filled();
    await backend.close();
    await openWith(store, { encrypt: { key: "env:DATADB_TEST_KEY", to: SMALL_PACKS } });
  } finally {
    delete process.env["DATADB_TEST_KEY"];
  }
});
