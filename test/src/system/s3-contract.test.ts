// The contract of backends on s3, over the strict server: small packs, so that many are made, and short pauses between attempts.
import { randomBytes } from "node:crypto";
import { type BackendConfig, createMemoryIndex, openBackend } from "@datadb/backends";
import { backendSuite } from "@datadb/backends/suite";
import { afterAll, beforeAll } from "vitest";
import { type S3Server, startS3Server } from "../harness/s3-server/start-s3-server.ts";
import { scratch } from "../harness/scratch.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server({ buckets: ["contract"] });
});
afterAll(() => server.close());

/** Options of s3 for a prefix that nobody has used. */
function freshPlace(changes: Record<string, unknown>): BackendConfig {
  const { accessKeyId, secretAccessKey } = server.credentials;
  const place = { bucket: "contract", prefix: randomBytes(6).toString("hex"), endpoint: server.endpoint };
  return { s3: { ...place, accessKeyId, secretAccessKey, retryDelay: 5, cache: 0, ...changes } };
}

function suite(name: string, changes: Record<string, unknown>): void {
  backendSuite(name, async (hash) => {
    const config = freshPlace(changes);
    const index = createMemoryIndex();
    const context = {
      storeId: randomBytes(16),
      hash,
      directory: scratch("s3-contract"),
      index: () => index,
      warn: () => {},
    };
    const reopen = () => openBackend(config, context);
    return { backend: await reopen(), reopen };
  });
}

suite("s3", { cache: 1_000_000 });
suite("s3 with small packs, for old services", { packBytes: 4096, parallel: 2, checksums: "when-required" });
