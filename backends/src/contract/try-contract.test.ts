import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { createMemoryBackend } from "../memory/open-memory.ts";
import { createRandom } from "../suite/seeded-random.ts";
import { CONTRACT_CASES } from "./contract-cases.ts";
import { tryContract } from "./try-contract.ts";

test("a configuration is tried rule by rule, and leaves nothing behind", async () => {
  const directory = await mkdtemp(join(tmpdir(), "datadb-contract-"));
  try {
    const config = { mirror: [{ memory: {} }, { retry: { to: { blobsfile: { path: "packs" } } } }] };
    const results: string[] = [];
    for await (const { rule, result, detail } of tryContract(config, { directory }))
      results.push(result === "fails" ? `${rule}: ${detail}` : result);
    expect(results).toHaveLength(CONTRACT_CASES.length);
    expect(results.filter((result) => result !== "holds" && result !== "skipped")).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

/** Ways to break the contract, each with the rule that finds it. */
const LIES: [string, (honest: Backend) => Partial<Backend>, string][] = [
  [
    "says that everything is there",
    () => ({ hasMany: async (_, names) => new Uint8Array(names.length).fill(1) }),
    "an empty backend",
  ],
  ["loses every put", () => ({ putMany: async () => {} }), "records come back"],
  [
    "changes a length",
    (honest) => ({
      getMany: async (...args) =>
        (await honest.getMany(...args)).map((record) => record && { ...record, length: record.length + 1 }),
    }),
    "records come back",
  ],
  ["forgets to remove", () => ({ removeMany: async () => {} }), "removed records are gone at once"],
  [
    "ignores signals",
    (honest) => ({ getMany: (kind, names) => honest.getMany(kind, names) }),
    "a signal that was aborted",
  ],
];

test.each(LIES)("a backend that %s is found out", async (_, lie, rule) => {
  const found = CONTRACT_CASES.find(({ name }) => name.startsWith(rule));
  const honest = createMemoryBackend({ hash: "sha256" });
  const backend: Backend = { ...honest, ...lie(honest) };
  const run = {
    ...{ hash: "sha256" as const, random: createRandom(1), backend },
    fill: (records: Parameters<Backend["putMany"]>[0]) => backend.putMany(records),
    reopen: async () => backend,
  };
  const error = await found!
    .run(run, () => {})
    .then(
      () => null,
      (failed: Error) => failed,
    );
  expect(error).toBeInstanceOf(Error);
  expect(error!.message.length).toBeLessThan(600);
});
