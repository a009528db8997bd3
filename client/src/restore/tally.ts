/** Counts what a restore did, collects its problems, and knows when it must stop. */
import {
  DiskFullError,
  ERROR_CATALOGUE,
  type ErrorCode,
  InterruptedError,
  type Meta,
} from "@datadb/protocol";
import type { RestoreOptions, RestoreProgress, RestoreSummary } from "./restore-options.ts";

const KEPT_PROBLEMS = 1000;
const PROGRESS_MS = 100;
/** Nothing more can be written after these. */
const FULL = new Set(["ENOSPC", "EDQUOT", "EROFS"]);

export interface Tally {
  readonly summary: RestoreSummary;
  /** An entry is restored, or was unchanged. */
  count(meta: Meta, how?: "unchanged" | "hardLink"): void;
  /** An entry could not be restored; the restore goes on unless the disk is full. */
  problem(path: Buffer, error: unknown): void;
  /** An entry is restored, but not exactly. */
  note(path: Buffer, code: string, message: string): void;
  /** Ends the restore with this error. */
  fail(error: Error): void;
  /** Throws when the restore must not go on. */
  check(): void;
}

export function tally(options: RestoreOptions, totals: { entries: number; bytes: number }): Tally {
  const started = performance.now();
  const summary = emptySummary();
  const { entries } = summary;
  let done = 0;
  let fatal: Error | undefined;
  let reported = 0;

  function report(): void {
    const now = performance.now();
    summary.seconds = (now - started) / 1000;
    if (options.onProgress === undefined || (now - reported < PROGRESS_MS && done < totals.entries)) return;
    reported = now;
    const progress: RestoreProgress = {
      entries: done,
      totalEntries: totals.entries,
      bytes: summary.bytes,
      totalBytes: totals.bytes,
    };
    options.onProgress(progress);
  }

  function keep(path: Buffer, code: string, message: string): void {
    const damaged = ERROR_CATALOGUE[code as ErrorCode]?.exitCode === 5;
    summary.exitCode = damaged || summary.exitCode === 5 ? 5 : 3;
    summary.problemCount++;
    if (summary.problems.length < KEPT_PROBLEMS)
      summary.problems.push({ path: path.toString(), code, message });
  }

  return {
    summary,
    count(meta, how) {
      done++;
      if (how === "hardLink") entries.hardLinks++;
      else if (meta.type === "directory") entries.directories++;
      else if (meta.type === "symlink") entries.symlinks++;
      else if (meta.type === "file") entries.files++;
      else entries.others++;
      if (how === "unchanged") summary.unchanged++;
      if (meta.type === "file" && how !== "hardLink") summary.bytes += meta.size;
      report();
    },
    problem(path, error) {
      const { code: own = "FAILED", message } = error as NodeJS.ErrnoException;
      const code = own === "EEXIST" ? "EXISTS" : own;
      if (FULL.has(code)) {
        const full = `the destination cannot take '${path}': ${message}`;
        fatal ??= new DiskFullError(full, {
          next: "free some space, then restore again with --overwrite",
          cause: error,
        });
        return;
      }
      done++;
      keep(path, code, `'${path}' was not restored: ${message}`);
      report();
    },
    note: (path, code, message) => keep(path, code, `'${path}': ${message}`),
    fail(error) {
      fatal ??= error;
    },
    check() {
      if (fatal !== undefined) throw fatal;
      if (options.signal?.aborted) {
        const next = "run it again with --overwrite: complete files are not written twice";
        throw new InterruptedError("the restore was interrupted", { next, cause: options.signal.reason });
      }
    },
  };
}

function emptySummary(): RestoreSummary {
  return {
    entries: { files: 0, directories: 0, symlinks: 0, others: 0, hardLinks: 0 },
    unchanged: 0,
    bytes: 0,
    problems: [],
    problemCount: 0,
    exitCode: 0,
    seconds: 0,
  };
}
