/** The contract on backends in backends in backends. */
import { afterAll } from "vitest";
import type { BackendConfig } from "../backend-options.ts";
import { sealedWorld } from "../encrypt/sealed-world.ts";
import { backendSuite } from "./backend.suite.ts";
import { simulatedStore } from "./simulated-store.ts";

const world = sealedWorld();
afterAll(world.dispose);

const disk = (path: string): BackendConfig => ({ blobsfile: { path, maxPackBytes: 4096 } });
const sealed = (to: BackendConfig): BackendConfig => world.config("stacks", to);

const STACKS: Record<string, BackendConfig> = {
  "mirror of encrypt(blobsfile) and blobsfile": { mirror: [sealed(disk("a")), disk("b")] },
  "encrypt over mirror of blobsfiles": sealed({ mirror: [disk("a"), disk("b")] }),
  "retry over mirror of memory and cache(blobsfile)": {
    retry: { to: { mirror: [{ memory: {} }, { cache: { to: disk("b"), path: "near" } }] } },
  },
  "cache over encrypt over blobsfile": { cache: { to: sealed(disk("a")) } },
  "mirror of mirror and retry(blobsfile)": {
    mirror: [{ mirror: [disk("a"), disk("b")] }, { retry: { to: disk("c") } }],
  },
  "encrypt over retry over cache over blobsfile": sealed({
    retry: { to: { cache: { to: disk("a"), size: 1048576 } } },
  }),
};

for (const [name, config] of Object.entries(STACKS))
  backendSuite(name, async (hash) => {
    const store = simulatedStore(hash);
    return { backend: await store.open(config), reopen: () => store.open(config) };
  });
