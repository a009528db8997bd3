/** Which nodes listed backups need, where nodes cannot be read. */
import { type Backend, createMemoryBackend } from "@datadb/backends";
import { createRandom, runSeed } from "@datadb/backends/suite";
import { BackendUnavailableError, DamagedError } from "@datadb/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { closeWorld, createGcWorld, type GcWorld, list, newSession, upload } from "../gc/gc-world.ts";
import { nodesInBackups } from "./nodes-in-backups.ts";

let world: GcWorld;
beforeEach(async () => {
  world = await createGcWorld();
});
afterEach(() => closeWorld(world));

/** As a store finds it whose one backup has this root, while every node that is read fails so. */
async function neededWhile(error: Error): Promise<{ root: Buffer; needed: Promise<Buffer[]> }> {
  const session = newSession(world);
  const random = createRandom(runSeed());
  const root = await upload(session, new Map([["file", [random.bytes(300)]]]), () => undefined, random);
  await list(session, "/source", root);
  session.close();
  const backend: Backend = {
    ...createMemoryBackend({ hash: "sha256" }),
    getMany: () => Promise.reject(error),
  };
  const { keyspace, info } = world.life.database;
  return { root, needed: nodesInBackups([root], { view: keyspace, backend, hash: info.hash }) };
}

test("a node that cannot be reached may have children: nobody knows", async () => {
  const { needed } = await neededWhile(new BackendUnavailableError("no answer"));
  await expect(needed).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
});

test("a damaged node is needed, and leads no further", async () => {
  const { root, needed } = await neededWhile(new DamagedError("not what was written"));
  expect(await needed).toEqual([root]);
});
