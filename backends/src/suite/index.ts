/** Tests and test equipment for backends, for those who write one. */
export { backendSuite, type OpenSubject, type SuiteRun, type SuiteSubject } from "./backend.suite.ts";
export { fingerprint, type RecordWishes, sampleRecord, sampleRecords } from "./sample-records.ts";
export { createRandom, type Random, runSeed } from "./seeded-random.ts";
export {
  createSimulatedFileSystem,
  type Operation,
  type SimulatedFileSystem,
  type Survival,
  systemError,
} from "./simulated-file-system.ts";
export {
  SIMULATED_DIRECTORY,
  SIMULATED_STORE_ID,
  type SimulatedStore,
  SMALL_PACKS,
  simulatedStore,
} from "./simulated-store.ts";
