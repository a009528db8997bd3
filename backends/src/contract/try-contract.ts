/** Tries the contract on a composition of backends as a user has configured it, in places of its own. */
import { randomBytes } from "node:crypto";
import { DatadbError, RECORD_KINDS } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendContext } from "../backend-context.ts";
import type { BackendConfig } from "../backend-options.ts";
import { createMemoryIndex, type MemoryIndex } from "../memory-index.ts";
import { openBackend } from "../open-backend.ts";
import { createRandom } from "../suite/seeded-random.ts";
import type { ContractCase, ContractRun } from "./contract-case.ts";
import { CONTRACT_CASES } from "./contract-cases.ts";
import { freshPlace } from "./fresh-place.ts";

/** What became of one rule. */
export interface Trial {
  /** reading, writing, durability, model. */
  group: string;
  rule: string;
  result: "holds" | "fails" | "skipped";
  /** What was found, or why it does not apply; else empty. */
  detail: string;
}

export interface TrialOptions {
  /** Where relative paths of the configuration begin. */
  directory: string;
  signal?: AbortSignal;
  warn?: (message: string) => void;
  /** Only rules whose sentence has this in it. */
  only?: string;
}

class Skipped extends Error {}

/** Records are removed and their packs deleted, so that nothing is left in a bucket either. */
async function sweep(backend: Backend): Promise<void> {
  if (!backend.capabilities.writable) return;
  for (const kind of RECORD_KINDS)
    for await (const { records } of backend.list(kind))
      await backend.removeMany(
        kind,
        records.map(({ name }) => name),
      );
  await backend.flush();
  await backend.compact({ unused: 0 });
}

async function tryOne(one: ContractCase, config: BackendConfig, options: TrialOptions): Promise<Trial> {
  const { directory, warn = () => {}, signal } = options;
  const indexes = new Map<string, MemoryIndex>();
  const place = freshPlace(config, directory);
  const context: BackendContext = {
    ...{ storeId: randomBytes(16), hash: "sha256", directory, warn },
    ...(signal === undefined ? {} : { signal }),
    index(path) {
      const index = indexes.get(path) ?? createMemoryIndex();
      indexes.set(path, index);
      return index;
    },
  };
  let backend = await openBackend(place.config, context);
  const run: ContractRun = {
    hash: "sha256",
    random: createRandom(randomBytes(4).readUInt32LE()),
    get backend() {
      return backend;
    },
    async fill(records) {
      await backend.putMany(records);
      await backend.flush();
    },
    async reopen() {
      await backend.close();
      backend = await openBackend(place.config, context);
      return backend;
    },
  };
  const { group, name: rule } = one;
  try {
    await one.run(run, (applies, reason) => {
      if (applies) throw new Skipped(reason);
    });
    return { group, rule, result: "holds", detail: "" };
  } catch (error) {
    if (error instanceof Skipped) return { group, rule, result: "skipped", detail: error.message };
    signal?.throwIfAborted();
    // What the claim found is on the lines after the first.
    return { group, rule, result: "fails", detail: (error as Error).message };
  } finally {
    const end = await sweepAway(backend, () => openBackend(place.config, context));
    await end.close();
    await place.remove();
  }
}

/** Also after a case that has closed it. */
async function sweepAway(backend: Backend, open: () => Promise<Backend>): Promise<Backend> {
  try {
    await sweep(backend);
    return backend;
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof DatadbError)) throw error;
  }
  await backend.close().catch(() => undefined);
  const again = await open();
  await sweep(again).catch(() => undefined);
  return again;
}

/**
 * Tries one rule after the other, each in a place that is made for it and removed afterwards. Throws what opening throws: USAGE for a
 * configuration that is wrong, BACKEND_UNAVAILABLE ...
 */
export async function* tryContract(config: BackendConfig, options: TrialOptions): AsyncGenerator<Trial> {
  for (const one of CONTRACT_CASES) {
    options.signal?.throwIfAborted();
    if (options.only === undefined || one.name.includes(options.only))
      yield await tryOne(one, config, options);
  }
}
