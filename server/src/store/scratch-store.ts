/** Stores in temporary directories, for tests. */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import type { Database } from "../database.ts";
import { type CreateOptions, createStore } from "./create-store.ts";
import { type OpenOptions, openDatabase } from "./open-database.ts";

/** A store that lives as long as its test. */
export interface ScratchStore {
  readonly directory: string;
  /** What was warned of since the last look. */
  readonly warnings: string[];
  open(options?: OpenOptions): Promise<Database>;
  /** Every entry of meta/ or local/ in hex, while the store is closed. */
  dump(part: "meta" | "local"): Promise<string[]>;
  remove(): Promise<void>;
}

export async function createScratchStore(options: CreateOptions = {}): Promise<ScratchStore> {
  const directory = await mkdtemp(join(tmpdir(), "datadb-store-"));
  await createStore(directory, options);
  const warnings: string[] = [];
  return {
    directory,
    warnings,
    open: (given) =>
      openDatabase(directory, { encoders: 1, warn: (message) => warnings.push(message), ...given }),
    async dump(part) {
      const level = new ClassicLevel<Buffer, Buffer>(join(directory, part), {
        keyEncoding: "buffer",
        valueEncoding: "buffer",
      });
      const entries: string[] = [];
      for await (const [key, value] of level.iterator())
        entries.push(`${key.toString("hex")} ${value.toString("hex")}`);
      await level.close();
      return entries;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The seed of a test: from DATADB_TEST_SEED, else a new one; printed, so that a failure can be repeated. */
export function testSeed(): number {
  const seed = Number(process.env["DATADB_TEST_SEED"] ?? randomInt(2 ** 31));
  console.log(`DATADB_TEST_SEED=${seed}`);
  return seed;
}
