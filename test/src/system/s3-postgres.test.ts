// A database through mirror(encrypt(s3), blobsfile): exact from both, from the bucket alone, and from bucket and key alone.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { databaseDifferences } from "../harness/compare-databases.ts";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { growDatabase, growRoles } from "../harness/grow-database.ts";
import { lane } from "../harness/lanes.ts";
import { startS3Server } from "../harness/s3-server/start-s3-server.ts";

const SOURCE = "s3_source_lab";

lane("a database in a bucket", [{ postgres: 15 }], () => {
  test("is exact from both members, then without the directory, then without the databases of the store", async () => {
    const lab = await openDatabaseWorld("s3-postgres");
    const { world, store, directory, server } = lab;
    await growRoles(server);
    await growDatabase(server, SOURCE);
    const bucket = await startS3Server({ buckets: ["bucket"] });
    try {
      const key = join(directory, "key");
      await world.summary(["key", "generate", key]);
      const { accessKeyId, secretAccessKey } = bucket.credentials;
      const s3 = { bucket: "bucket", endpoint: bucket.endpoint, accessKeyId, secretAccessKey };
      const sealed = { encrypt: { key: `file:${key}`, to: { s3 } } };
      const config = join(directory, "config.yaml");
      const blobs = { mirror: [sealed, { blobsfile: { path: "blobs" } }] };
      writeFileSync(config, JSON.stringify({ blobs }));
      await world.summary(["init", "--store", store, "--config", config]);
      const { backup } = await lab.backup(SOURCE);
      const expectExact = async (copy: string): Promise<void> => {
        await lab.restore(backup, copy);
        const differences = await databaseDifferences(
          { server, database: SOURCE },
          { server, database: copy },
        );
        expect(differences).toEqual([]);
        await server.dropDatabase(copy);
      };
      await expectExact("s3_copy_of_both");

      rmSync(join(store, "blobs"), { recursive: true });
      rmSync(join(store, "cache"), { recursive: true, force: true });
      await expectExact("s3_copy_of_bucket");

      for (const name of ["blobs", "cache", "meta", "local"])
        rmSync(join(store, name), { recursive: true, force: true });
      await world.summary(["rebuild", "--store", store]);
      await expectExact("s3_copy_of_rebuilt");
    } finally {
      await bucket.close();
    }
  });
});
