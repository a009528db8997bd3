// What happens to records in a bucket while compaction carries them over: nothing is lost, nothing comes back, nothing old wins.
import { randomBytes } from "node:crypto";
import { type Backend, createMemoryIndex, openBackend } from "@datadb/backends";
import { createRandom, fingerprint, runSeed, sampleRecords } from "@datadb/backends/suite";
import type { BlobRecord, RecordKind } from "@datadb/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { S3Fault } from "../harness/s3-server/s3-fault.ts";
import { type S3Server, startS3Server } from "../harness/s3-server/start-s3-server.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

const KEYS = { accessKeyId: "test-access-key", secretAccessKey: "test secret/key+" };
const random = createRandom(runSeed());
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server({ buckets: ["bucket"], credentials: [KEYS] });
});
afterAll(() => server.close());

const namesOf = (records: readonly BlobRecord[]): Buffer[] => records.map(({ name }) => name);

async function expectThere(
  backend: Backend,
  kind: RecordKind,
  records: readonly BlobRecord[],
): Promise<void> {
  const found = await backend.getMany(kind, namesOf(records));
  expect(found.map(fingerprint)).toEqual(records.map(fingerprint));
}

async function expectAbsent(
  backend: Backend,
  kind: RecordKind,
  records: readonly BlobRecord[],
): Promise<void> {
  expect([...(await backend.hasMany(kind, namesOf(records)))]).toEqual(records.map(() => 0));
}

interface Store {
  readonly prefix: string;
  readonly backend: Backend;
  open(): Promise<Backend>;
  readonly kept: BlobRecord[];
  readonly gone: BlobRecord[];
}

/** 60 records of 500 bytes in packs of 4 KiB, of which every second is removed. The service is asked once for everything. */
async function halfRemoved(kind: RecordKind): Promise<Store> {
  const prefix = `${randomBytes(6).toString("hex")}/`;
  const place = { bucket: "bucket", prefix, endpoint: server.endpoint, packBytes: 4096, cache: 0 };
  const config = { s3: { ...place, ...KEYS, maxRetries: 0, retrySeconds: 0, parallel: 1 } };
  const index = createMemoryIndex();
  const directory = scratch("s3-compacts");
  const storeId = randomBytes(16);
  const open = (): Promise<Backend> =>
    openBackend(config, { storeId, hash: "sha256", directory, index: () => index, warn: () => {} });
  const backend = await open();
  const records = sampleRecords(random, "sha256", 60, { kind, encoding: "raw", payloadLength: 500 });
  await backend.putMany(records);
  await backend.flush();
  const gone = records.filter((_, at) => at % 2 === 0);
  await backend.removeMany(kind, namesOf(gone));
  return { prefix, backend, open, gone, kept: records.filter((_, at) => at % 2 === 1) };
}

/** Runs `work` before the first request of this kind is answered. */
function onFirst(operation: string, beginning: string, work: () => Promise<void>): void {
  let met = false;
  server.onRequest(async (name, key) => {
    if (met || name !== operation || !key.startsWith(beginning)) return;
    met = true;
    await work();
  });
}

test("a pack stays when its copies could not be uploaded, also when somebody else was told so", async () => {
  const { backend, kept, open, prefix } = await halfRemoved("node");
  const [node, data] = [
    sampleRecords(random, "sha256", 1, { kind: "node" }),
    sampleRecords(random, "sha256", 1),
  ];
  let failed = false;
  let told: unknown = null;
  server.onRequest(async (operation, key) => {
    if (operation !== "PutObject") return;
    if (!failed && key.startsWith(`${prefix}nodes-`)) {
      failed = true;
      await backend.putMany(data.map((record) => ({ ...record, kind: "data" })));
      throw new S3Fault(403, "AccessDenied", "not now");
    }
    // The flush of the compaction waits here, while somebody puts.
    if (failed && told === null && key.startsWith(`${prefix}blobs-`))
      await waitFor("somebody to be told", async () => {
        told = await backend.putMany(node).then(
          () => null,
          (error: unknown) => error,
        );
        return told !== null;
      });
  });
  await backend.compact({ unused: 0 }).catch(() => {});
  server.onRequest(null);
  expect(failed && told !== null).toBe(true);
  await expectThere(backend, "node", kept);
  await backend.compact({ unused: 0 });
  await expectThere(backend, "node", kept);
  await backend.close();
  const again = await open();
  await expectThere(again, "node", kept);
  await again.close();
});

test("what is replaced or removed while a pack is read stays so", async () => {
  const { backend, kept, gone, open, prefix } = await halfRemoved("data");
  const replaced = kept.slice(0, 5).map((record) => ({ ...record, payload: random.bytes(100) }));
  const removed = kept.slice(5, 10);
  onFirst("GetObject", `${prefix}blobs-`, async () => {
    await backend.replaceMany("data", replaced);
    await backend.removeMany("data", namesOf(removed));
    await backend.flush();
  });
  await backend.compact({ unused: 0 });
  server.onRequest(null);
  const now = [...replaced, ...kept.slice(10)];
  const absent = [...removed, ...gone];
  await expectThere(backend, "data", now);
  await expectAbsent(backend, "data", absent);
  await backend.close();
  const again = await open();
  await expectThere(again, "data", now);
  await expectAbsent(again, "data", absent);
  await again.close();
});

test("packs that the service did not delete at once are deleted by a later opening", async () => {
  const { backend, kept, open, prefix } = await halfRemoved("data");
  await backend.putMany(sampleRecords(random, "sha256", 1, { kind: "log" }));
  await backend.flush();
  let refused = 0;
  server.onRequest((operation) => {
    if (operation !== "DeleteObjects") return;
    refused += 1;
    throw new S3Fault(403, "AccessDenied", "not now");
  });
  await expect(backend.compact({ unused: 0 })).rejects.toThrow("not now");
  server.onRequest(null);
  expect(refused).toBe(1);
  await backend.close();
  const again = await open();
  await expectThere(again, "data", kept);
  const packs = new Set((await again.packs("data")).map(({ pack }) => prefix + pack));
  const objects = [...server.bucket("bucket").objects.keys()].filter((key) =>
    key.startsWith(`${prefix}blobs-`),
  );
  expect(objects.filter((key) => !packs.has(key))).toEqual([]);
  await again.close();
});
