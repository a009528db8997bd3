/** The contract of Backend as tests: run it on every leaf, every wrapper and deep stacks. */
import type { BlobRecord, HashAlgorithm } from "@datadb/protocol";
import { afterEach, beforeEach, describe, test } from "vitest";
import type { Backend } from "../backend.ts";
import type { ContractRun } from "../contract/contract-case.ts";
import { CONTRACT_CASES } from "../contract/contract-cases.ts";
import { createRandom, runSeed } from "./seeded-random.ts";

/** One backend under test, empty when opened. */
export interface SuiteSubject {
  backend: Backend;
  /** Puts records underneath a backend that cannot; by default putMany and flush. */
  fill?(records: readonly BlobRecord[]): Promise<void>;
  /** Opens the same place again, after the last one was closed; needed when `capabilities.durable`. */
  reopen?(): Promise<Backend>;
  /** Removes what the subject left behind; the backend is closed by then. */
  dispose?(): Promise<void>;
}

/** Opens a subject whose store has this hash. */
export type OpenSubject = (hash: HashAlgorithm) => Promise<SuiteSubject>;

/** Declares the tests; `name` appears in theirs. Tests that a capability rules out are skipped with the reason. */
export function backendSuite(name: string, open: OpenSubject): void {
  const seed = runSeed();
  describe.each<HashAlgorithm>(["sha256", "sha1"])(`${name}, %s, DATADB_TEST_SEED=${seed}`, (hash) => {
    let subject: SuiteSubject;
    const run: ContractRun = {
      hash,
      random: createRandom(seed),
      get backend() {
        return subject.backend;
      },
      async fill(records) {
        if (subject.fill !== undefined) return subject.fill(records);
        await subject.backend.putMany(records);
        await subject.backend.flush();
      },
      async reopen() {
        if (subject.reopen === undefined)
          throw new TypeError(`${name} is durable, but its subject cannot reopen`);
        await subject.backend.close();
        subject.backend = await subject.reopen();
        return subject.backend;
      },
    };
    beforeEach(async () => {
      subject = await open(hash);
    });
    afterEach(async () => {
      await subject.backend.close();
      await subject.dispose?.();
    });
    for (const { group, name: rule, run: tryRule } of CONTRACT_CASES)
      test(`${group}: ${rule}`, ({ skip }) => tryRule(run, (applies, reason) => skip(applies, reason)));
  });
}
