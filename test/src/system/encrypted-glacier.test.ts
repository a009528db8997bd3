/** `encrypt(glacier)` from the command line: archived sealed, retrieved by restore itself, and found again when both databases are lost. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { differences } from "../harness/compare-trees.ts";
import { letHoursPass } from "../harness/glacier-server/let-hours-pass.ts";
import { startGlacierServer } from "../harness/glacier-server/start-glacier-server.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";

test("what is archived is sealed, and comes back by restore --wait, also from vault and key alone", async () => {
  const directory = scratch("encrypted-glacier");
  const world = openWorld(directory);
  const random = randomOf("encrypted-glacier");
  const server = await startGlacierServer(["acme"]);
  const source = join(directory, "letters");
  mkdirSync(source);
  for (let i = 0; i < 10; i++)
    writeFileSync(
      join(source, `confidential-${i}`),
      `Dear reader of letter ${i},\n${random.bytes(90_000).toString("hex")}`,
    );
  const store = join(directory, "store");
  const at = ["--store", store];
  await world.summary(["key", "generate", join(directory, "key")]);
  const warm = { blobsfile: { path: "blobs" } };
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  const glacier = { vault: "acme", endpoint: server.endpoint, ...credentials, archiveBytes: 300_000, warm };
  const config = join(directory, "config.yaml");
  const blobs = { encrypt: { key: `file:${join(directory, "key")}`, to: { glacier } } };
  writeFileSync(config, JSON.stringify({ blobs }));
  await world.run(["init", ...at, "--config", config, "--quiet"]);
  await world.summary(["snapshot", source, ...at]);
  const archives = [...server.vault("acme").archives.values()];
  expect(archives.length).toBeGreaterThan(1);
  const kept = Buffer.concat(
    archives.map(({ bytes, description }) => Buffer.concat([Buffer.from(description), bytes])),
  );
  for (const word of ["Dear reader", "onfidential", "letters"]) expect(kept.includes(word), word).toBe(false);

  letHoursPass(server, "acme");
  const wait = ["--wait", "10m", "--poll", "50ms", "--tier", "bulk", "--yes"];
  const target = join(directory, "restored");
  await world.summary(["restore", ...wait, "letters", target, ...at]);
  expect(await differences(source, target)).toEqual([]);
  expect(await world.summary(["glacier", "status", ...at])).toMatchObject({ archives: archives.length });
  await world.summary(["glacier", "archive", "--drop-retrieved", ...at]);

  server.runInventory("acme");
  for (const name of ["meta", "local"]) rmSync(join(store, name), { recursive: true });
  await world.summary(["rebuild", ...at]);
  await world.summary(["glacier", "sync", "--wait", "--poll", "50ms", ...at]);
  const again = join(directory, "again");
  await world.summary(["restore", ...wait, "letters", again, ...at]);
  expect(await differences(source, again)).toEqual([]);
  await server.close();
});
