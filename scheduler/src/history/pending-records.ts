/**
 * Records that could not be written to the store: a full disk or a server that is away must not hide that a run failed.
 * They wait in a file of the user's state directory, one for each job, until the store takes them.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { History } from "./open-history.ts";
import type { RunRecord, RunStart } from "./run-record.ts";

interface Pending {
  start: RunStart;
  /** Null: not even its beginning is in the store. */
  index: number | null;
  record: RunRecord;
}

/** What an outage of any length may take; of longer ones the newest records are kept. */
const MAX_FILE_BYTES = 1024 * 1024;
const KEPT_BYTES = MAX_FILE_BYTES / 2;

export interface PendingRecords {
  /** Durable when it returns. Throws the system's error. */
  add(pending: Pending): void;
  list(): Pending[];
  /** Writes all of them to the history; what was there already is not doubled. Throws what writing throws. */
  deliver(history: History): Promise<number>;
}

/** To be used only by who holds the job's lock. */
export function pendingRecords(
  stateDirectory: string,
  store: string,
  host: string,
  job: string,
): PendingRecords {
  const name = createHash("sha256").update([store, host, job].join("\0")).digest("hex").slice(0, 32);
  const file = join(stateDirectory, "scheduler", `${name}.jsonl`);
  const list = (): Pending[] => {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      return [];
    }
    return text.split("\n").flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as Pending];
      } catch {
        // The end of a line that a full disk cut.
        return [];
      }
    });
  };
  return {
    list,
    add(pending) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_FILE_BYTES) {
        const newest = readFileSync(file).subarray(-KEPT_BYTES);
        writeFileSync(`${file}.new`, newest.subarray(newest.indexOf("\n") + 1), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      }
      const descriptor = openSync(file, "a", 0o600);
      try {
        writeSync(descriptor, `${JSON.stringify(pending)}\n`);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
    async deliver(history) {
      const all = list();
      for (const { start, index, record } of all) {
        const past = await history.read();
        const known = past.started.find((one) => one.start.run === start.run)?.index;
        await history.end(index ?? known ?? (await history.begin(start, past)), record);
      }
      if (all.length > 0) rmSync(file, { force: true });
      return all.length;
    },
  };
}
