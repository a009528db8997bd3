/** Tests and test equipment for backends, for those who write one. */
export { backendSuite, type OpenSubject, type SuiteSubject } from "./backend.suite.ts";
export { type CrashStates, crashStates, imageKey } from "./crash-states.ts";
export {
  type DiskEvent,
  type DiskImage,
  type DiskRecord,
  diskOf,
  type RecordedDisk,
  recordDisk,
} from "./recorded-disk.ts";
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
