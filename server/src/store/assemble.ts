/** Puts the parts of an open store together. */
import { coldIn, type StoreKeys, storeKeysOf } from "@datadb/backends";
import type { NameIndex } from "../blobs/name-index.ts";
import { checkStore } from "../check/check-store.ts";
import type { ScrubDates } from "../check/scrub-dates.ts";
import type { Wholeness } from "../check/wholeness.ts";
import type { BlobStore, CommitLog, Database, Leases } from "../database.ts";
import type { Encoder } from "../encoder/encoder.ts";
import type { Collector } from "../gc/open-collector.ts";
import type { Level } from "../keyspace/open-level.ts";
import type { ExecutorState } from "../log/executor.ts";
import type { RecordPlaces } from "../records/record-places.ts";
import { storeStats } from "../stats/store-stats.ts";
import { backendCounters, mirrorsIn } from "./backend-counters.ts";
import type { Reserve } from "./create-reserve.ts";
import type { StoreConfig } from "./store-config.ts";
import { storeInfo } from "./store-info.ts";
import { weakSpots } from "./weak-spots.ts";

/** What a Database is made of. */
export interface Parts {
  readonly directory: string;
  readonly config: StoreConfig;
  readonly state: ExecutorState;
  readonly local: Level;
  readonly index: NameIndex;
  readonly encoder: Encoder;
  readonly blobs: BlobStore;
  readonly leases: Leases;
  readonly commits: CommitLog;
  readonly wholeness: Wholeness;
  readonly scrubs: ScrubDates;
  /** Forgets what an index that was made anew should not have found. */
  settle(): Promise<boolean>;
  readonly collector: Collector;
  readonly reserve: Reserve;
  readonly records: RecordPlaces;
  close(): Promise<void>;
}

export function assemble(parts: Parts): Database {
  const {
    directory,
    config,
    state,
    index,
    encoder,
    blobs,
    leases,
    commits,
    wholeness,
    scrubs,
    settle,
    close,
  } = parts;
  const { backend, view, hash, storeId } = state;
  const requireWritable = (): void => {
    if (state.refused !== null) throw state.refused;
  };
  return {
    info: storeInfo(directory, config),
    settings: config.settings,
    keyspace: view,
    commits,
    blobs,
    leases,
    stats: (options) => storeStats({ view, hash, index, commits }, options),
    check: (options) => {
      if (options?.repair) requireWritable();
      return wholeness.judge(
        checkStore(
          {
            ...{
              backend,
              index,
              view,
              hash,
              storeId,
              encoder,
              scrubs,
              settle,
              weakSpots: weakSpots(config.blobs),
            },
            meta: state.level,
            local: parts.local,
            head: () => state.head,
            settled: () => state.levelWritten,
            checkpoint: commits.checkpoint,
          },
          options,
        ),
      );
    },
    whole: wholeness.whole,
    collect: async (options) => {
      requireWritable();
      return await parts.collector.collect(options);
    },
    makeRoom: () => parts.reserve.release(),
    collector: () => parts.collector.facts(),
    storeKeys: () => storeKeysOf(backend).map((keys) => sparing(keys, parts.reserve)),
    records: parts.records,
    backendCounters: () => backendCounters(backend),
    mirrors: () => mirrorsIn(backend),
    cold: () => coldIn(backend) ?? null,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Sealing anew must not take the space that is kept for making room. */
function sparing(keys: StoreKeys, reserve: Reserve): StoreKeys {
  return {
    ...keys,
    async rotate() {
      await reserve.requireRoom();
      return keys.rotate();
    },
    async reseal(options) {
      await reserve.requireRoom();
      return keys.reseal(options);
    },
  };
}
