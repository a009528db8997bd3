/** Gathers what a walk finds out: counts, problems, progress. */

import type { EntryProblem } from "./entry-problem.ts";
import { addCounts, type Counts, type FileOutcome, noCounts, type ScannedUnit } from "./scan-unit.ts";

/** Problems that are kept with their paths; more are only counted. */
const MAX_PROBLEMS = 1000;

export class WalkReport {
  readonly counts: Counts = noCounts();
  readonly problems: EntryProblem[] = [];
  unreadable = 0;
  changedWhileRead = 0;
  /** Bytes read of files that are not finished. */
  underWay = 0;
  /** Bytes that are known to be as they were, without having been read. */
  known = 0;
  /** Entries that are taken in, of a source that compares them with those of the previous backup only when it has all. */
  finished = 0;
  /** What will be read, where the source knows. */
  totalBytes: number | undefined;
  /** Where the walk is (latin1). */
  path = "";
  /** Of a dry run: files that would be read (latin1). */
  readonly toRead: string[] = [];

  scanned(scanned: ScannedUnit, path: string): void {
    addCounts(this.counts, scanned.counts);
    for (const problem of scanned.problems) this.problem(problem);
    if (scanned.wouldRead) this.toRead.push(...scanned.wouldRead);
    this.path = path;
  }

  read({ bytesRead, problem }: FileOutcome): void {
    this.counts.filesRead++;
    this.counts.bytesRead += bytesRead;
    this.underWay = Math.max(0, this.underWay - bytesRead);
    if (problem !== undefined) this.problem(problem);
  }

  progress(bytes: number, path: string): void {
    this.underWay += bytes;
    this.path = path;
  }

  wouldRead(path: string, bytes: number): void {
    this.toRead.push(path);
    this.counts.filesRead++;
    this.counts.bytesRead += bytes;
  }

  /** Compares an entry that was finished on the main thread with the previous backup. */
  counted(previous: Buffer | undefined, meta: Buffer): void {
    if (previous === undefined) this.counts.new++;
    else if (previous.equals(meta)) this.counts.unchanged++;
    else this.counts.changed++;
  }

  /** Said once, however many workers say it. */
  nativeMissing(reason: string): void {
    if (this.problems.some(({ kind }) => kind === "attributes")) return;
    const lost = "extended attributes, ACLs and holes are not kept";
    this.problem({ path: "", reason: `${lost}: ${reason}`, kind: "attributes" });
  }

  problem(problem: EntryProblem): void {
    if (problem.kind === "changed") this.changedWhileRead++;
    if (problem.kind === "unreadable") this.unreadable++;
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }
}
