/** Whether backups may rely on what earlier backups stored: what is known to be lost must be read and put again. */
import type { Backend } from "@datadb/backends";
import { sumOfCounter } from "../blobs/sum-of-counter.ts";
import type { CheckEvent, CheckSummary } from "../database.ts";
import type { Level } from "../keyspace/open-level.ts";
import { readWholeMark, writeWholeMark } from "../log/local-marks.ts";

export interface Wholeness {
  /** False from the moment that something may be missing until a check finds nothing. */
  whole(): boolean;
  /** Something may be missing. Durable when it resolves. */
  doubt(): Promise<void>;
  /** Passes a check through, and remembers what it found. */
  judge(check: AsyncGenerator<CheckEvent, CheckSummary>): AsyncGenerator<CheckEvent, CheckSummary>;
}

export async function openWholeness(local: Level, backend: Backend): Promise<Wholeness> {
  const lostPacks = sumOfCounter(backend, "packs-lost");
  let mark = await readWholeMark(local);
  const note = async (next: number | null): Promise<void> => {
    if (next === mark) return;
    await writeWholeMark(local, next);
    mark = next;
  };
  return {
    whole: () => mark === lostPacks,
    doubt: () => note(null),
    async *judge(check) {
      const summary = yield* check;
      await note(summary.findings === 0 ? lostPacks : null);
      return summary;
    },
  };
}
