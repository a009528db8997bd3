/** For tests: a daemon on a fake clock, whose runs take time and do nothing, and which can be killed and started again. */
import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { createDaemon } from "../daemon/create-daemon.ts";
import type { Daemon, DaemonEvent, RunEnd, StartedRun } from "../daemon/daemon.ts";
import { openHistory } from "../history/open-history.ts";
import { type Outcome, type RunRecord, type RunStart, timeText } from "../history/run-record.ts";
import { interruptedRun } from "../run/recover-runs.ts";
import { type FakeClock, fakeClock } from "./fake-clock.ts";
import { memoryLists } from "./memory-lists.ts";

/** A run as the world saw it. Wall times in milliseconds since 1970. */
export interface SeenRun {
  job: string;
  planned: number;
  start: number;
  /** Start and end by the stopwatch. */
  elapsed: number;
  end: number | undefined;
  outcome: Outcome | "killed" | undefined;
}

export interface FakeWorld {
  clock: FakeClock;
  store: ReturnType<typeof memoryLists>;
  runs: SeenRun[];
  events: DaemonEvent[];
  daemon: Daemon | undefined;
  start(config: SchedulerConfig): void;
  /** kill -9: nothing more is written. */
  kill(): void;
  /** SIGTERM: runs end as interrupted. */
  stop(): Promise<void>;
  /** Lets so much time pass, with everything that happens in it. */
  pass(ms: number): Promise<void>;
}

export interface FakeRuns {
  /** How long a run takes, and how it ends. */
  run(job: Job): { takes: number; outcome: "success" | "failure" };
  pollMs: number;
}

const NOBODY = { pid: 1, ticks: "", boot: "", namespace: "" };

export function fakeWorld(startTime: number, { run, pollMs }: FakeRuns): FakeWorld {
  const clock = fakeClock(startTime);
  const store = memoryLists();
  let life = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function settle(): Promise<void> {
    // The store is open only while the daemon reads; locks between processes take some turns of the loop.
    do for (let i = 0; i < 3; i++) await turn();
    while (store.opened > 0);
  }

  const world: FakeWorld = {
    clock,
    store,
    runs: [],
    events: [],
    daemon: undefined,
    start(config) {
      life = new AbortController();
      const ending = new AbortController();
      const daemon = createDaemon({
        config,
        open: () => store.open(),
        startRun: (current, job, planned) => startFakeRun(world, run, life.signal, current, job, planned),
        clock,
        environment: {},
        stateDirectory: "/nonexistent",
        pollMs,
      });
      daemon.subscribe((event) => world.events.push(event));
      world.daemon = daemon;
      running = daemon.run(AbortSignal.any([ending.signal, life.signal]));
      world.stop = async () => {
        ending.abort();
        world.daemon = undefined;
        await running;
      };
    },
    kill() {
      life.abort();
      world.daemon = undefined;
    },
    stop: async () => undefined,
    async pass(ms) {
      const end = clock.elapsed() + ms;
      await settle();
      while (clock.nextEnd() <= end) {
        clock.passTo(clock.nextEnd());
        await settle();
      }
      clock.passTo(end);
      await settle();
    },
  };
  return world;
}

/** `killed`: aborted when the daemon's life ends. */
function startFakeRun(
  world: FakeWorld,
  run: FakeRuns["run"],
  killed: AbortSignal,
  config: SchedulerConfig,
  job: Job,
  planned: number,
): StartedRun {
  const { clock, store } = world;
  const stopping = new AbortController();
  const seen: SeenRun = {
    job: job.name,
    planned,
    start: clock.now(),
    elapsed: clock.elapsed(),
    end: undefined,
    outcome: undefined,
  };
  world.runs.push(seen);
  const start: RunStart = {
    run: randomUUID(),
    job: job.name,
    trigger: "schedule",
    planned: timeText(planned),
    start: timeText(clock.now()),
    process: NOBODY,
  };
  const work = async (): Promise<RunEnd> => {
    const history = openHistory(store.connection, config.host, job.name);
    const last = Math.max(
      0,
      ...(store.lists.get(`scheduler:${config.host}:${job.name}:started`)?.keys() ?? []),
    );
    const index = await history.begin(start, {
      started: [{ index: last, start }],
      runs: [],
      schedule: null,
    });
    const { takes, outcome } = run(job);
    await clock.wait(takes, AbortSignal.any([killed, stopping.signal]));
    if (killed.aborted) {
      seen.outcome = "killed";
      return new Promise(() => undefined);
    }
    seen.end = clock.elapsed();
    seen.outcome = stopping.signal.aborted ? "interrupted" : outcome;
    const record: RunRecord = { ...interruptedRun(start, clock.now()), outcome: seen.outcome };
    if (outcome === "success") delete record.error;
    await history.end(index, record);
    if (world.runs.length % 50 === 0) await history.trim(await history.read());
    return { kind: "record", record };
  };
  return { ended: work(), stop: () => stopping.abort() };
}
