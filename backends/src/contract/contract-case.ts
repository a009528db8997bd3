/** One rule of the contract of backends, as something that can be tried: by the test suite, and by `datadb backend test`. */
import type { BlobRecord, HashAlgorithm } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { Random } from "../suite/seeded-random.ts";

/** What a case works with; the backend is empty when it begins. */
export interface ContractRun {
  readonly hash: HashAlgorithm;
  readonly random: Random;
  readonly backend: Backend;
  /** Puts records and makes them durable, underneath a backend that cannot. */
  fill(records: readonly BlobRecord[]): Promise<void>;
  /** Closes the backend and opens it again; `backend` is the new one afterwards. */
  reopen(): Promise<Backend>;
}

export interface ContractCase {
  /** reading, writing, durability, model. */
  readonly group: string;
  /** The rule, as a sentence. */
  readonly name: string;
  /** Rejects with an AssertionError when it does not hold. `skip` ends it when the rule does not apply, with the reason. */
  run(run: ContractRun, skip: (applies: boolean, reason: string) => void): Promise<void>;
}
