/** The daemon as its parts see each other: what it needs, and what it offers. */
import type { Connection } from "@datadb/client";
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import type { RunRecord } from "../history/run-record.ts";
import type { Clock } from "./clock.ts";
import type { JobState } from "./job-state.ts";

export interface DaemonDependencies {
  config: SchedulerConfig;
  /** Opens the store; the daemon closes it as soon as it has read or written what it needed. */
  open(config: SchedulerConfig, signal: AbortSignal): Promise<Connection>;
  /** Starts a run, in a process of its own or, in tests, beside. */
  startRun(config: SchedulerConfig, job: Job, planned: number): StartedRun;
  clock: Clock;
  environment: NodeJS.ProcessEnv;
  stateDirectory: string;
  /** How long the daemon sleeps at most: sleep of the machine and jumps of the clock are noticed this late. */
  pollMs?: number;
}

export interface StartedRun {
  ended: Promise<RunEnd>;
  /** Asks it to end; it is then recorded as interrupted. */
  stop(): void;
}

export type RunEnd =
  | { kind: "record"; record: RunRecord }
  /** Another process took care of the due time. */
  | { kind: "skipped" }
  /** It left no record. */
  | { kind: "died"; code: string; message: string };

/** What happens, for logs, the monitor stream and tests. */
export type DaemonEvent =
  | { type: "started"; job: string; planned: string; late: boolean }
  | { type: "ended"; job: string; record: RunRecord }
  | { type: "missed"; job: string; planned: string }
  | { type: "clock"; job: string; message: string }
  | { type: "overdue"; job: string; message: string }
  | { type: "unread"; job: string; message: string }
  | { type: "reloaded"; message: string }
  | { type: "rejected"; message: string };

export interface Daemon {
  readonly config: SchedulerConfig;
  states(): readonly JobState[];
  /** What the daemon's clock says. */
  now(): number;
  /** Runs until the signal is aborted; then lets runs end as interrupted. Never throws for what a run or store does. */
  run(signal: AbortSignal): Promise<void>;
  /** Runs what is due now, and resolves when that is done. Aborting lets runs end as interrupted. */
  runDue(signal: AbortSignal): Promise<void>;
  /** Goes on with another configuration; jobs of the same name keep their history and their runs. */
  reload(config: SchedulerConfig): void;
  /** Tells that a new file was not taken. */
  reject(message: string): void;
  /** Returns what ends the subscription. */
  subscribe(listener: (event: DaemonEvent) => void): () => void;
}
