/** What the scheduler's file says, checked. Secrets stay references (`env:NAME`, `file:/path`) until they are used. */
import type { KeepRules, SnapshotSource } from "@datadb/client";
import type { Schedule } from "../schedule/schedule.ts";

export interface SchedulerConfig {
  /** Path of the file, for messages. */
  file: string;
  /** All of the file. */
  text: string;
  /** Where relative paths are counted from, and hooks run. */
  directory: string;
  /** Directory of the store, or URL of its server; may be a reference. */
  store: string;
  /** The host that backups and history belong to: the file's, else DATADB_HOST, else the machine's. */
  host: string;
  /** Whether the machine's name was not good enough: then databases, which have a host of their own, get this one, too. */
  hostGiven: boolean;
  /** Runs at a time. */
  concurrency: number;
  /** Null: no HTTP. */
  http: HttpSettings | null;
  smtp: SmtpSettings | undefined;
  jobs: readonly Job[];
}

export interface HttpSettings {
  host: string;
  port: number;
  /** Needed for everything but /healthz; a reference. */
  password: string | undefined;
  /** The file says so: then it must work. */
  explicit: boolean;
}

export interface SmtpSettings {
  host: string;
  port: number;
  /** TLS from the first byte, TLS after STARTTLS or not at all, TLS when the server offers it. */
  tls: "always" | "never" | "starttls" | "offered";
  user: string | undefined;
  /** A reference. */
  password: string | undefined;
  from: string;
}

export interface Job {
  name: string;
  task: Task;
  schedule: Schedule;
  anacron: boolean;
  jitterMs: number;
  hooks: Hooks;
  retries: Retries;
  /** Milliseconds after which a run is ended as failed. */
  deadlineMs: number | undefined;
  priority: Priority;
  /** Healthy only when the last success is at most so long ago; absent: judged by the schedule. */
  withinMs: number | undefined;
  notify: Notify;
}

export type Task =
  | {
      kind: "backup";
      sources: readonly Source[];
      keep: Keep | undefined;
      /** A backup with entries that could not be read counts as success. */
      acceptIncomplete: boolean;
    }
  | { kind: "check"; readDataPercent: number }
  /** How much of a pack may stay garbage; the server's default when absent. */
  | { kind: "gc"; maxUnusedPercent: number | undefined };

/** Which of the job's backups each series keeps. */
export interface Keep {
  rules: KeepRules;
  timezone: string;
}

/** One backup of a run. */
export interface Source {
  source: Exclude<SnapshotSource, { stdin: unknown }>;
  /** As the file says it, without secrets: jobs whose sources have the same text take turns. */
  text: string;
  /** Name of the backup. */
  name: string;
  options: SourceOptions;
}

export interface SourceOptions {
  exclude?: readonly string[];
  excludeFrom?: readonly string[];
  gitignore?: boolean;
  excludeCaches?: boolean;
  oneFileSystem?: boolean;
  allowEmpty?: boolean;
  readAll?: boolean;
  jobs?: number;
  path?: string;
  meta?: Readonly<Record<string, unknown>>;
  tags?: readonly string[];
}

/** Shell commands. */
export interface Hooks {
  before?: Hook;
  after?: Hook;
  onFailure?: Hook;
}

export interface Hook {
  command: string;
  timeoutMs: number;
}

export interface Retries {
  /** Attempts beyond the first. */
  times: number;
  pauseMs: number;
  /** Each pause is so many times the one before, up to maxPauseMs. */
  factor: number;
  maxPauseMs: number;
}

export interface Priority {
  /** 0 to 19, as nice takes it. */
  nice: number;
  io: "idle" | "best-effort" | undefined;
}

export type NoticeEvent = "start" | "success" | "failure" | "overdue";
export const NOTICE_EVENTS: readonly NoticeEvent[] = ["start", "success", "failure", "overdue"];

export interface Notify {
  pings: readonly Ping[];
  webhooks: readonly Webhook[];
  emails: readonly Email[];
}

/** Which URL is called for an event, as healthcheck services take it: `url` may be a reference, `below` is added to it. */
export type Ping = Readonly<Partial<Record<NoticeEvent, { url: string; below: string }>>>;

export interface Webhook {
  url: string;
  on: readonly NoticeEvent[];
  method: string;
  /** Values may be references. */
  headers: Readonly<Record<string, string>>;
  /** Absent: the notice as JSON. */
  template: string | undefined;
}

export interface Email {
  to: readonly string[];
  on: readonly NoticeEvent[];
}
