/** The names that a lease protects, written in batches. */
import { KIND_BYTE } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";
import { type Level, levelError } from "../keyspace/open-level.ts";
import { leaseNamesKey } from "./lease-key.ts";

/** Bytes of names in one value. */
const BATCH_BYTES: number = 64 * 1024;
/** Names are durable at the latest this long after they were noted. */
const DELAY_MS = 1000;

export interface LeaseNames {
  note(kind: BlobKind, names: readonly Buffer[]): void;
  /** Writes another value, in its turn. */
  write(key: Buffer, value: Buffer): void;
  /** Resolves when all is written; what failed before is tried again. Errors: DISK_FULL. */
  flush(): Promise<void>;
  /** Forgets what is not written; resolves when nothing is being written any more. Never rejects. */
  drop(): Promise<void>;
}

/** Names of the lease with this id; `counter`: the number of the next batch. */
export function createLeaseNames(
  level: Level,
  id: Buffer,
  counter: number,
  warn: (message: string) => void,
): LeaseNames {
  let next = counter;
  let batch = Buffer.allocUnsafeSlow(1024);
  let used = 0;
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  let failure: Error | null = null;
  /** What is not written yet, the oldest first: what failed, on a full disk, is tried again. */
  let unwritten: [key: Buffer, value: Buffer][] = [];

  const write = (): void => {
    if (used === 0) return;
    put(leaseNamesKey(id, next), Buffer.from(batch.subarray(0, used)));
    next += 1;
    used = 0;
  };
  const put = (key: Buffer, value: Buffer): void => {
    unwritten.push([key, value]);
    writing = writing.then(writeAll);
  };
  /** Never rejects: `failure` says whether something is left. */
  const writeAll = async (): Promise<void> => {
    try {
      for (let first = unwritten[0]; first !== undefined; first = unwritten[0]) {
        await level.put(...first);
        if (first === unwritten[0]) unwritten.shift();
      }
      failure = null;
    } catch (error) {
      failure = levelError(level.location, error);
      warn(`a lease cannot be written: ${failure.message}`);
    }
  };
  const stopTimer = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const reserve = (bytes: number): void => {
    if (used + bytes > BATCH_BYTES) write();
    if (used + bytes <= batch.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(BATCH_BYTES, batch.length * 4));
    batch.copy(grown, 0, 0, used);
    batch = grown;
  };
  return {
    note(kind, names) {
      for (const name of names) {
        reserve(name.length + 1);
        batch[used] = KIND_BYTE[kind];
        batch.set(name, used + 1);
        used += name.length + 1;
      }
      timer ??= setTimeout(() => {
        timer = null;
        write();
      }, DELAY_MS).unref();
    },
    write: put,
    async flush() {
      stopTimer();
      write();
      if (failure !== null) writing = writing.then(writeAll);
      await writing;
      if (failure !== null) throw failure;
    },
    async drop() {
      stopTimer();
      used = 0;
      unwritten = [];
      await writing;
    },
  };
}
