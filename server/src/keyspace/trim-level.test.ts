import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, runSeed } from "@datadb/backends/suite";
import { expect, onTestFinished, test } from "vitest";
import { openLevel } from "./open-level.ts";
import { trimLevel } from "./trim-level.ts";

const seed = runSeed();

test(`deleted keys take no space afterwards, others are as they were, DATADB_TEST_SEED=${seed}`, async () => {
  const location = mkdtempSync(join(tmpdir(), "datadb-trim-"));
  onTestFinished(() => rmSync(location, { recursive: true, force: true }));
  const random = createRandom(seed);
  const keys = Array.from({ length: 20_000 }, () => random.bytes(33));
  const level = await openLevel(location, { writeBufferBytes: 256 << 10 });
  for (const type of ["put", "del"] as const) {
    const some = type === "put" ? keys : keys.filter((_, at) => at % 20 !== 0);
    await level.batch(some.map((key) => ({ type, key, value: key }) as const));
  }
  expect(await trimLevel(level)).toBe(true);
  for (const [at, key] of keys.entries()) expect(level.getSync(key)).toEqual(at % 20 === 0 ? key : undefined);
  await level.close();
  const tables = readdirSync(location).filter((name) => name.endsWith(".ldb"));
  const bytes = tables.reduce((sum, name) => sum + statSync(join(location, name)).size, 0);
  expect(bytes).toBeLessThan((keys.length * 66) / 10);
  expect(bytes).toBeGreaterThan(keys.length / 20);
});
