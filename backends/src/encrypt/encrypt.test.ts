import type { BlobRecord } from "@datadb/protocol";
import { afterAll } from "vitest";
import type { BackendConfig } from "../backend-options.ts";
import { backendSuite } from "../suite/backend.suite.ts";
import { simulatedStore } from "../suite/simulated-store.ts";
import { sealedWorld } from "./sealed-world.ts";

const world = sealedWorld();
afterAll(world.dispose);

function suiteOn(name: string, config: BackendConfig): void {
  backendSuite(name, async (hash) => {
    const store = simulatedStore(hash);
    return { backend: await store.open(config), reopen: () => store.open(config) };
  });
}

const sealed = world.config("first");
suiteOn("encrypt over memory", world.config("first", { memory: {} }));
suiteOn("encrypt over blobsfile", sealed);
suiteOn("encrypt over encrypt over blobsfile", world.config("second", sealed));
suiteOn(
  "encrypt over mirror over encrypt and blobsfile",
  world.config("first", {
    mirror: [world.config("second", { blobsfile: { path: "one" } }), { blobsfile: { path: "two" } }],
  }),
);

backendSuite("read-only over encrypt over blobsfile", async (hash) => {
  const store = simulatedStore(hash);
  const config = { "read-only": { to: sealed } };
  await (await store.open(sealed)).close();
  const subject = {
    backend: await store.open(config),
    async fill(records: readonly BlobRecord[]): Promise<void> {
      const backend = await store.open(sealed);
      await backend.putMany(records);
      await backend.close();
      await subject.backend.close();
      subject.backend = await store.open(config);
    },
    reopen: () => store.open(config),
  };
  return subject;
});
