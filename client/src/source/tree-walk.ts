/**
 * Walks a tree with the ingest workers. They scan directories in any order; here their results are put into
 * walk order (which decides what the first name of a hard-linked file is, and where blocks of the scan cache
 * go), and directories are finished from the leaves up. The same tree gives the same root, however many workers.
 */
import { decodeMeta, type EmitNode, encodeMeta, type HashAlgorithm } from "@datadb/protocol";
import { bufferOf } from "../ingest/packed-records.ts";
import type { WorkerPool } from "../ingest/worker-pool.ts";
import { CacheWriter } from "./cache-writer.ts";
import {
  buildDirectory,
  type DirectoryState,
  entryOf,
  type FinishedEntry,
  mergeParts,
  newDirectory,
} from "./directory-state.ts";
import { unknownMeta } from "./entry-meta.ts";
import { joinPath } from "./entry-path.ts";
import { firstUnscanned } from "./first-unscanned.ts";
import { HardLinks } from "./hard-links.ts";
import type { PreviousCache } from "./previous-tree.ts";
import {
  type FileOutcome,
  type FileUnit,
  ignoresBelow,
  type PendingEntry,
  type ScannedUnit,
  type ScanUnit,
} from "./scan-unit.ts";
import type { WalkReport } from "./walk-report.ts";

/** Directories scanned ahead of the walk, so that workers stay busy and results that wait stay few. */
const AHEAD = 256;

/** Directories in one job at most. */
const UNITS_EACH = 16;

export interface WalkOptions {
  pool: Pick<WorkerPool, "run" | "hasRoom">;
  hash: HashAlgorithm;
  emit: EmitNode;
  cache: PreviousCache | null;
  report: WalkReport;
  dryRun: boolean;
}

interface FileTask {
  unit: FileUnit;
  size: number;
  answer: (outcome: FileOutcome) => void;
}

export class TreeWalk {
  readonly cacheWriter: CacheWriter = new CacheWriter();
  private readonly options: WalkOptions;
  /** Directories that are known and whose scan has not begun. */
  private unscanned = 0;
  private readonly unsequenced: DirectoryState[] = [];
  private readonly parts: { unit: ScanUnit; answer: (scanned: ScannedUnit) => void }[] = [];
  private readonly files: FileTask[] = [];
  private readonly links = new HardLinks();
  private ahead = 0;
  private rejectAll: (error: Error) => void = () => {};

  constructor(options: WalkOptions) {
    this.options = options;
  }

  /** Walks a directory; null when it vanished. One walk may be followed by others. */
  directory(unit: ScanUnit, previous: Buffer | undefined): Promise<FinishedEntry | null> {
    return new Promise((resolve, reject) => {
      this.rejectAll = reject;
      this.next([newDirectory(unit, previous, resolve)]);
      this.unscanned++;
      this.pump();
    });
  }

  /** Reads a single file; null when it vanished or cannot be read. */
  file(unit: FileUnit, size: number, previous: Buffer | undefined): Promise<FinishedEntry | null> {
    const compared = previous ? { ...unit, previous: new Uint8Array(previous) } : unit;
    return new Promise((resolve, reject) => {
      this.rejectAll = reject;
      this.readFile(compared, size, (meta) => resolve(this.counted(meta && entryOf(meta), previous)));
      this.pump();
    });
  }

  /** Gives the workers what they have room for. */
  pump(): void {
    const { pool } = this.options;
    while (pool.hasRoom) {
      const file = this.files.shift();
      if (file !== undefined) {
        pool.run({ type: "file", unit: file.unit }).then(file.answer).catch(this.rejectAll);
        continue;
      }
      if (!this.scanSome()) return;
    }
  }

  /** Directories whose turn in the walk is next. */
  private next(states: readonly DirectoryState[]): void {
    for (let i = states.length - 1; i >= 0; i--) this.unsequenced.push(states[i]!);
  }

  /** Starts one scan job, if there is anything to scan. */
  private scanSome(): boolean {
    const { pool } = this.options;
    const part = this.parts.shift();
    if (part !== undefined) {
      const { unit, answer } = part;
      pool
        .run({ type: "scan", units: [unit] })
        .then(([scanned]) => {
          answer(scanned!);
          this.advance();
          this.pump();
        })
        .catch(this.rejectAll);
      return true;
    }
    const states = this.toScan();
    if (states.length === 0) return false;
    const units = states.map((state) => ({ ...state.unit, ...this.before(state) }));
    pool
      .run({ type: "scan", units })
      .then((results) => {
        for (const [i, scanned] of results.entries()) this.scanned(states[i]!, scanned);
        this.advance();
        this.pump();
      })
      .catch(this.rejectAll);
    return true;
  }

  /** The directories of the next scan job: enough to be worth a message, few enough for the other workers. */
  private toScan(): DirectoryState[] {
    const most = Math.min(UNITS_EACH, Math.ceil(this.unscanned / 4), AHEAD - this.ahead);
    const head = this.unsequenced.at(-1);
    // Far ahead only the directory that everything waits for goes on.
    const states = most > 0 ? firstUnscanned(this.unsequenced, most) : head?.begun === false ? [head] : [];
    for (const state of states) state.begun = true;
    this.unscanned -= states.length;
    this.ahead += states.length;
    return states;
  }

  /** What the previous backup knows of a directory. */
  private before({ unit, previous }: DirectoryState): Pick<ScanUnit, "previous" | "cache"> {
    const directory = previous && decodeMeta(previous).directory;
    if (directory === undefined) return {};
    return { previous: new Uint8Array(directory), cache: this.options.cache?.block(unit.relative) };
  }

  private scanned(state: DirectoryState, scanned: ScannedUnit): void {
    if (scanned.parts === undefined) {
      this.arrived(state, scanned);
      return;
    }
    const { parts } = scanned;
    const ignores = ignoresBelow(state.unit, scanned);
    const done: ScannedUnit[] = [];
    let left = parts.length;
    parts.forEach((part, index) => {
      const answer = (result: ScannedUnit): void => {
        done[index] = result;
        left--;
        if (left === 0) this.arrived(state, mergeParts(scanned, done));
      };
      this.parts.push({ unit: { ...state.unit, ignores, part }, answer });
    });
  }

  /** A directory is scanned: those in it can be, before its turn in the walk has come. */
  private arrived(state: DirectoryState, scanned: ScannedUnit): void {
    state.scanned = scanned;
    const pending = scanned.entries?.pending ?? [];
    state.children = pending
      .filter(({ type }) => type === "directory")
      .map((entry) => this.child(state, entry));
    this.unscanned += state.children.length;
  }

  /** Takes results in walk order, as far as they are there. */
  private advance(): void {
    while (this.unsequenced.at(-1)?.scanned !== undefined) this.sequence(this.unsequenced.pop()!);
  }

  private sequence(state: DirectoryState): void {
    const { report } = this.options;
    const scanned = state.scanned!;
    this.ahead--;
    report.scanned(scanned, state.unit.relative);
    if (scanned.gone) {
      state.finished(null);
      return;
    }
    this.cacheWriter.add(state.unit.relative, bufferOf(scanned.cache));
    if (scanned.finished !== undefined) {
      const { entries, bytes } = scanned.finished;
      this.finish(state, { meta: bufferOf(scanned.self!), entries: entries + 1, bytes });
      return;
    }
    const { pending } = scanned.entries!;
    state.waiting = pending.length + 1;
    this.next(state.children);
    state.children = [];
    for (const entry of pending) if (entry.type === "file") this.pendingFile(state, entry);
    this.entryDone(state);
  }

  private child(state: DirectoryState, { name, index, previous }: PendingEntry): DirectoryState {
    const { unit, scanned } = state;
    const below: ScanUnit = {
      path: `${unit.path}/${name}`,
      relative: joinPath(unit.relative, name),
      below: joinPath(unit.below, name),
      source: unit.source,
      name,
      ignores: ignoresBelow(unit, scanned!),
      device: unit.device,
    };
    const before = previous === undefined ? undefined : bufferOf(previous);
    return newDirectory(below, before, (entry) => this.entryDone(state, index, entry));
  }

  private pendingFile(state: DirectoryState, entry: PendingEntry): void {
    const { unit } = state;
    const relative = joinPath(unit.relative, entry.name);
    const previous = entry.previous && bufferOf(entry.previous);
    const file: FileUnit = {
      directory: unit.path,
      entry: entry.name,
      relative,
      ...(entry.previous && { previous: entry.previous }),
    };
    const done = (finished: FinishedEntry | null): void =>
      this.entryDone(state, entry.index, this.counted(finished, previous));
    const read = (answer: (meta: Buffer | null) => void): void =>
      this.readFile(file, entry.size, (meta, changed) => {
        if (changed) this.cacheWriter.distrust(unit.relative, entry.name);
        answer(meta);
      });
    if (entry.link === undefined) read((meta) => done(meta && entryOf(meta)));
    else this.links.add(entry, relative, read, done);
  }

  private readFile(
    unit: FileUnit,
    size: number,
    answer: (meta: Buffer | null, changed: boolean) => void,
  ): void {
    const { report, dryRun } = this.options;
    if (dryRun) {
      report.wouldRead(unit.relative || unit.entry, size);
      // Not its real meta: of a dry run only the counts are of use.
      answer(encodeMeta(unknownMeta(unit.entry, size)), true);
      return;
    }
    const done = (outcome: FileOutcome): void => {
      report.read(outcome);
      answer(outcome.meta === undefined ? null : bufferOf(outcome.meta), outcome.problem !== undefined);
      this.pump();
    };
    this.files.push({ unit, size, answer: done });
  }

  /** One of the things that a directory waits for is done. */
  private entryDone(state: DirectoryState, index?: number, entry: FinishedEntry | null = null): void {
    if (index !== undefined) state.late.set(index, entry);
    state.waiting--;
    if (state.waiting > 0) return;
    this.finish(state, buildDirectory(state, this.options.hash, this.options.emit));
  }

  private finish(state: DirectoryState, entry: FinishedEntry): void {
    this.counted(entry, state.previous);
    state.scanned = undefined;
    state.late.clear();
    state.finished(entry);
  }

  private counted(entry: FinishedEntry | null, previous: Buffer | undefined): FinishedEntry | null {
    if (entry !== null) this.options.report.counted(previous, entry.meta);
    return entry;
  }
}
