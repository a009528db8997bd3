import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryIndex } from "../memory-index.ts";
import { openBackend } from "../open-backend.ts";
import { backendSuite } from "../suite/backend.suite.ts";
import { SIMULATED_STORE_ID, simulatedStore } from "../suite/simulated-store.ts";

backendSuite("blobsfile", async (hash) => {
  const directory = await mkdtemp(join(tmpdir(), "datadb-blobsfile-"));
  const index = createMemoryIndex();
  const open = () =>
    openBackend(
      { blobsfile: { path: "blobs" } },
      { storeId: SIMULATED_STORE_ID, hash, directory, index: () => index, warn: () => {} },
    );
  return { backend: await open(), reopen: open, dispose: () => rm(directory, { recursive: true }) };
});

backendSuite("blobsfile in tiny packs", async (hash) => {
  const store = simulatedStore(hash);
  return { backend: await store.open(), reopen: () => store.open() };
});
