import { backendSuite } from "../suite/backend.suite.ts";
import { simulatedStore } from "../suite/simulated-store.ts";

const BLOBSFILES = {
  mirror: [
    { blobsfile: { path: "one", maxPackBytes: 4096 } },
    { blobsfile: { path: "two", maxPackBytes: 4096 } },
  ],
};

backendSuite("mirror of memories", async (hash) => ({
  backend: await simulatedStore(hash).open({
    mirror: { members: [{ memory: {} }, { memory: null }], required: 2 },
  }),
}));

backendSuite("mirror of blobsfiles", async (hash) => {
  const store = simulatedStore(hash);
  return { backend: await store.open(BLOBSFILES), reopen: () => store.open(BLOBSFILES) };
});
