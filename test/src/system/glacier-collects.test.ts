/** Archives that no backup needs any more are deleted from the vault, also when the collection is killed in the middle; the others stay. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { differences } from "../harness/compare-trees.ts";
import { letHoursPass } from "../harness/glacier-server/let-hours-pass.ts";
import { startGlacierServer } from "../harness/glacier-server/start-glacier-server.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";

// With encrypt around it a collection has all of its work to do, and more.
test.each(LONG ? [false, true] : [true])(
  "dead archives go, the others stay (encrypted: %s)",
  async (encrypted) => {
    const directory = scratch("glacier-collects");
    const world = openWorld(directory);
    const random = randomOf(`glacier-collects-${encrypted}`);
    const server = await startGlacierServer(["acme"]);
    const vault = server.vault("acme");
    const source = join(directory, "source");
    mkdirSync(source);
    const store = join(directory, "store");
    const at = ["--store", store];
    const warm = { blobsfile: { path: "blobs" } };
    const place = {
      vault: "acme",
      endpoint: server.endpoint,
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "secret",
    };
    const glacier = { glacier: { ...place, archiveBytes: 300_000, minimumDays: 0, warm } };
    const blobs = encrypted ? { encrypt: { key: `file:${join(directory, "key")}`, to: glacier } } : glacier;
    if (encrypted) await world.summary(["key", "generate", join(directory, "key")]);
    const config = join(directory, "config.yaml");
    writeFileSync(config, JSON.stringify({ blobs }));
    await world.run(["init", ...at, "--config", config, "--quiet"]);
    for (let i = 0; i < 8; i++) writeFileSync(join(source, `old-${i}`), random.bytes(200_000));
    await world.summary(["snapshot", source, ...at]);
    const old = [...vault.archives.keys()];
    expect(old.length).toBeGreaterThan(4);
    for (let i = 0; i < 8; i++) rmSync(join(source, `old-${i}`));
    for (let i = 0; i < 3; i++) writeFileSync(join(source, `new-${i}`), random.bytes(200_000));
    await world.summary(["snapshot", source, ...at]);
    const all = [...vault.archives.keys()];
    await world.summary(["forget", "--keep-last", "1", "--yes", ...at]);
    let deletions = 0;
    await world.run(["gc", ...at], {
      started: (child) => {
        server.fault = ({ method }) => {
          if (method === "DELETE" && ++deletions === 2) child.kill("SIGKILL");
          return null;
        };
      },
    });
    expect(deletions).toBeGreaterThanOrEqual(2);
    server.fault = () => null;
    await world.summary(["gc", ...at]);
    // One may hold the end of the first backup and the beginning of the second.
    const left = [...vault.archives.keys()];
    expect(left.length).toBeLessThan(all.length - old.length + 2);
    expect(await world.summary(["check", ...at])).toMatchObject({ findings: 0 });
    expect(await world.summary(["glacier", "status", ...at])).toMatchObject({ archives: left.length });

    letHoursPass(server, "acme");
    const target = join(directory, "restored");
    await world.summary(["restore", "--wait", "10m", "--poll", "50ms", "--yes", "source", target, ...at]);
    expect(await differences(source, target)).toEqual([]);
    await server.close();
  },
);
