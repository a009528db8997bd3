/**
 * The history of a job in the store. Everything is written once and never changed, so that a user with the right append
 * can keep a history that nobody with the same right can falsify.
 */
import type { Connection } from "@datadb/client";
import { ReplyError } from "@datadb/protocol";
import { historyKeys } from "./history-keys.ts";
import { type RunRecord, type RunStart, timeText } from "./run-record.ts";

/** A run and its place in the history. */
export interface Past {
  /** Runs in the order in which they began; `index` is their time, made later than all before. */
  started: { index: number; start: RunStart }[];
  /** The runs that ended, in the same order. */
  runs: { index: number; record: RunRecord }[];
  /** Since when the schedule is as it is now, and its text; null for a job that was never seen. */
  schedule: { since: number; text: string } | null;
}

export interface History {
  read(): Promise<Past>;
  /** Remembers since when the schedule is so. */
  schedule(since: number, text: string): Promise<void>;
  /** Durable when it resolves; gives the index of the run. */
  begin(start: RunStart, past: Past): Promise<number>;
  /** Durable when it resolves. Writing the same again changes nothing. */
  end(index: number, record: RunRecord): Promise<void>;
  /** Forgets what is older than the newest KEPT_RUNS; the newest success stays. Needs the right admin. */
  trim(past: Past): Promise<void>;
}

/** A year of days, or some hours of minutes. */
const KEPT_RUNS = 400;
/** Trimming is a commit of its own: it is not done for each run. */
const SURPLUS = 20;

export function openHistory(connection: Connection, host: string, job: string): History {
  const keys = historyKeys(host, job);
  const iterate = async <T>(key: string): Promise<{ index: number; value: T }[]> => {
    const reply = await connection.call("LITER", key, "WITH", "INDEX");
    const flat = Array.isArray(reply) ? reply.map(String) : [];
    const found: { index: number; value: T }[] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const value = parse(flat[i + 1]!);
      if (value !== undefined) found.push({ index: Number(flat[i]), value: value as T });
    }
    return found;
  };
  const add = async (key: string, index: number, value: unknown): Promise<void> => {
    await connection.call("LADD", key, index, JSON.stringify(value));
  };
  return {
    async read() {
      const [started, runs, schedules] = await Promise.all([
        iterate<RunStart>(keys.started),
        iterate<RunRecord>(keys.runs),
        iterate<{ schedule: string }>(keys.schedules),
      ]);
      const schedule = schedules.at(-1);
      return {
        started: started.map(({ index, value }) => ({ index, start: value })),
        runs: runs.map(({ index, value }) => ({ index, record: value })),
        schedule: schedule ? { since: schedule.index, text: schedule.value.schedule } : null,
      };
    },
    schedule: (since, text) => add(keys.schedules, since, { schedule: text, since: timeText(since) }),
    async begin(start, past) {
      const last = past.started.at(-1)?.index ?? 0;
      // Clocks go back; the order of runs must not.
      const index = Math.max(Date.parse(start.start), last + 1);
      await add(keys.started, index, start);
      return index;
    },
    end: (index, record) => add(keys.runs, index, record),
    async trim({ started, runs }) {
      if (started.length <= KEPT_RUNS + SURPLUS) return;
      const success = runs.findLast(({ record }) => record.outcome === "success")?.index;
      const old = started.slice(0, -KEPT_RUNS).flatMap(({ index }) => (index === success ? [] : [index]));
      try {
        await connection.call("LDEL", keys.started, ...old);
        await connection.call("LDEL", keys.runs, ...old);
      } catch (error) {
        // With the right append the history grows until somebody with the right admin trims it.
        if (!(error instanceof ReplyError && error.kind === "NOPERM")) throw error;
      }
    },
  };
}

/** Keys are open to everybody with the right append: what somebody else put there is passed over. */
function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
