// The contract of backends on s3, over the strict server and over one that others wrote: small packs, so that many are made, and short
// pauses between attempts.
import { randomBytes } from "node:crypto";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { createMemoryIndex, openBackend } from "@datadb/backends";
import { backendSuite } from "@datadb/backends/suite";
import { afterAll, beforeAll } from "vitest";
import { lane } from "../harness/lanes.ts";
import { startMoto } from "../harness/moto.ts";
import { type S3Server, startS3Server } from "../harness/s3-server/start-s3-server.ts";
import { scratch } from "../harness/scratch.ts";

const KEYS = { accessKeyId: "test-access-key", secretAccessKey: "test secret/key+" };
let strict: S3Server;
let moto = "";

beforeAll(async () => {
  strict = await startS3Server({ buckets: ["contract"], credentials: [KEYS] });
});
afterAll(() => strict.close());

/** Each subject has a prefix that nobody has used. */
function suite(name: string, endpoint: () => string, changes: Record<string, unknown>): void {
  backendSuite(name, async (hash) => {
    const place = { bucket: "contract", prefix: randomBytes(6).toString("hex"), endpoint: endpoint() };
    const config = { s3: { ...place, ...KEYS, retryDelay: 5, cache: 0, ...changes } };
    const index = createMemoryIndex();
    const directory = scratch("s3-contract");
    const context = { storeId: randomBytes(16), hash, directory, index: () => index, warn: () => {} };
    const reopen = () => openBackend(config, context);
    return { backend: await reopen(), reopen };
  });
}

suite("s3", () => strict.endpoint, { cache: 1_000_000 });
const small = { packBytes: 4096, parallel: 2, checksums: "when-required" };
suite("s3 with small packs, for old services", () => strict.endpoint, small);

lane("a server that others wrote", ["moto"], () => {
  beforeAll(async () => {
    moto = await startMoto();
    // A copy: the client writes into it.
    const credentials = { ...KEYS };
    const client = new S3Client({
      endpoint: moto,
      region: "us-east-1",
      credentials,
      forcePathStyle: true,
    });
    await client.send(new CreateBucketCommand({ Bucket: "contract" }));
    client.destroy();
  });
  suite("s3 on moto", () => moto, { packBytes: 65_536 });
});
