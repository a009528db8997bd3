import { expect, test } from "vitest";
import { createMemoryBackend } from "../memory/open-memory.ts";
import { backendSuite } from "../suite/backend.suite.ts";
import { sampleRecords } from "../suite/sample-records.ts";
import { createRandom } from "../suite/seeded-random.ts";
import { SMALL_PACKS, simulatedStore } from "../suite/simulated-store.ts";
import { readOnly } from "./open-read-only.ts";

backendSuite("read-only over memory", async (hash) => {
  const inner = createMemoryBackend({ hash });
  return { backend: readOnly(inner), fill: (records) => inner.putMany(records) };
});

backendSuite("read-only over blobsfile", async (hash) => {
  const store = simulatedStore(hash);
  await (await store.open()).close();
  const config = { "read-only": { to: SMALL_PACKS } };
  const subject = {
    backend: await store.open(config),
    async fill(records: Parameters<ReturnType<typeof readOnly>["putMany"]>[0]) {
      const writable = await store.open();
      await writable.putMany(records);
      await writable.close();
      await subject.backend.close();
      subject.backend = await store.open(config);
    },
    reopen: () => store.open(config),
  };
  return subject;
});

test("opened read-only, a place that is not there is no empty backend", async () => {
  await expect(simulatedStore().open({ "read-only": { to: SMALL_PACKS } })).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("/store/blobs"),
  });
});

test("opened read-only, a torn tail is reported and the disk is left as it is", async () => {
  const store = simulatedStore();
  const writable = await store.open();
  const records = sampleRecords(createRandom(7), "sha256", 3, { kind: "data", payloadLength: 50 });
  await writable.putMany(records);
  await writable.close();
  const path = "/store/blobs/blobs-00001";
  const torn = Buffer.concat([store.disk.content(path)!, Buffer.from("dRec, and then the power failed")]);
  store.disk.overwrite(path, torn);
  const { write, truncate } = store.disk.calls;
  const backend = await store.open({ "read-only": { to: SMALL_PACKS } });
  expect(
    await backend.getMany(
      "data",
      records.map(({ name }) => name),
    ),
  ).toEqual(records);
  expect(store.warnings.join()).toContain(path);
  expect(store.disk.calls).toMatchObject({ write, truncate });
  expect(store.disk.content(path)).toEqual(torn);
  await backend.close();
});
