/** Counts what a restore does, by phase, and tells progress. */
import type { TableManifest } from "../manifest/manifest.ts";
import type {
  RestoreDatabaseOptions,
  RestoreDatabaseProgress,
  RestoreDatabaseSummary,
  RestorePhase,
} from "./restore-database-options.ts";
import { shownName } from "./script/object-name.ts";
import type { Task } from "./tasks.ts";

export interface RestoreReport {
  readonly summary: RestoreDatabaseSummary;
  phase(phase: RestorePhase): void;
  totals(tables: readonly TableManifest[]): void;
  bytes(count: number): void;
  table(rows: number): void;
  largeObject(bytes: number): void;
  verified(table: TableManifest): void;
  sequences(count: number): void;
  task(task: Task): void;
  current(name: string): void;
  warn(text: string): void;
  finish(): RestoreDatabaseSummary;
}

const PROGRESS_MS = 100;

export function restoreReport(options: RestoreDatabaseOptions): RestoreReport {
  const started = performance.now();
  const summary = emptySummary();
  const progress: RestoreDatabaseProgress = {
    phase: "schema",
    entries: 0,
    totalEntries: 0,
    bytes: 0,
    totalBytes: 0,
    current: "",
  };
  let phaseStarted = started;
  let reported = 0;

  function report(now = performance.now(), force = false): void {
    if (options.onProgress === undefined || (!force && now - reported < PROGRESS_MS)) return;
    reported = now;
    options.onProgress({ ...progress });
  }

  function endPhase(): void {
    const now = performance.now();
    const seconds = (summary.phases[progress.phase] ?? 0) + (now - phaseStarted) / 1000;
    summary.phases[progress.phase] = Number(seconds.toFixed(3));
    phaseStarted = now;
  }

  const current = (name: string): void => {
    progress.current = `${progress.phase}: ${name}`;
    report();
  };
  return {
    summary,
    phase(phase) {
      endPhase();
      progress.phase = phase;
      progress.current = phase;
      report(undefined, true);
    },
    totals(tables) {
      const filled = tables.filter(({ rows }) => rows > 0);
      summary.tables = tables.length;
      progress.totalEntries = filled.length;
      progress.totalBytes = filled.reduce((sum, { bytes }) => sum + bytes, 0);
    },
    bytes(count) {
      summary.bytes += count;
      progress.bytes += count;
      report();
    },
    table(rows) {
      summary.rows += rows;
      progress.entries++;
      report();
    },
    largeObject() {
      summary.largeObjects++;
    },
    verified(table) {
      summary.verified++;
      current(shownName(table));
    },
    sequences(count) {
      summary.sequences += count;
    },
    task: ({ label }) => current(label),
    current,
    warn: (text) => options.onWarning?.(text),
    finish() {
      endPhase();
      summary.seconds = Number(((performance.now() - started) / 1000).toFixed(3));
      return summary;
    },
  };
}

function emptySummary(): RestoreDatabaseSummary {
  return {
    database: "",
    created: false,
    tables: 0,
    rows: 0,
    bytes: 0,
    sequences: 0,
    largeObjects: 0,
    verified: 0,
    seconds: 0,
    phases: {},
    meta: {},
  };
}
