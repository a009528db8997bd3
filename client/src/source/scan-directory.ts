/** Scans one directory: looks at every entry, reads what changed, and makes metas. Runs in a worker. */
import { lstatSync } from "node:fs";
import { DirectoryBuilder, decodeMeta, encodeMeta, type Meta } from "@datadb/protocol";
import { bufferOf } from "../ingest/packed-records.ts";
import type { EntryStat, Native } from "../native/native.ts";
import { entryMeta, type OwnerNames } from "./entry-meta.ts";
import { joinPath, pathBytes } from "./entry-path.ts";
import { unreadable } from "./entry-problem.ts";
import { fillStat, identityOf, mtimeOf, newStat, typeOf } from "./entry-stat.ts";
import { type IsExcluded, ignoreRules } from "./ignore-rules.ts";
import { type ListedNames, listNames } from "./list-names.ts";
import { type OpenDirectory, openDirectory } from "./open-directory.ts";
import { PreviousCursor } from "./previous-metas.ts";
import { type ReadTools, readSmallFile } from "./read-small-file.ts";
import { CacheBlock } from "./scan-cache.ts";
import { noCounts, type ScannedUnit, type ScanRules, type ScanUnit } from "./scan-unit.ts";
import { EntryList } from "./scanned-entries.ts";

/** Files from here on are read in a job of their own, so that a directory of large files keeps all workers busy. */
const LARGE_FILE_BYTES: number = 1 << 20;

/** Directories with more entries are scanned in parts, by several workers. */
const PART_ENTRIES = 4096;

/** Files with holes from this size on are read as streams that keep them. */
const SPARSE_FILE_BYTES: number = 16 << 10;

/** What every scan of a worker uses. */
export interface ScanTools extends ReadTools {
  native: Native | null;
  owners: OwnerNames;
  rules: ScanRules;
}

/** Scans a unit. `previous`: the directory's metas in the previous backup. Never throws for what a file system does. */
export async function scanDirectory(
  tools: ScanTools,
  unit: ScanUnit,
  previous: readonly Buffer[] | null,
): Promise<ScannedUnit> {
  const scan = new DirectoryScan(tools, unit, previous);
  try {
    scan.open();
  } catch (error) {
    return scan.failed(error);
  }
  try {
    await scan.run();
    return scan.result();
  } finally {
    scan.directory.close();
  }
}

/** Whether the previous content was more than a chunk: what is made of it now is compared with all of that list, in a job of its own. */
function hadList(before: Buffer | undefined): boolean {
  return before !== undefined && decodeMeta(before).list !== undefined;
}

class DirectoryScan {
  directory!: OpenDirectory;
  private readonly tools: ScanTools;
  private readonly unit: ScanUnit;
  private readonly previous: PreviousCursor;
  private readonly block: CacheBlock;
  private readonly entries = new EntryList();
  private readonly stat: EntryStat = newStat();
  private readonly self: EntryStat = newStat();
  private readonly output: ScannedUnit = { cache: new Uint8Array(0), problems: [], counts: noCounts() };
  private excluded: IsExcluded | undefined;

  constructor(tools: ScanTools, unit: ScanUnit, previous: readonly Buffer[] | null) {
    this.tools = tools;
    this.unit = unit;
    this.previous = new PreviousCursor(previous ?? []);
    const cache = unit.cache && previous ? Buffer.from(unit.cache) : undefined;
    this.block = new CacheBlock(cache, Date.now());
  }

  open(): void {
    this.directory = openDirectory(this.unit.path, this.tools.native);
    this.directory.statSelf(this.self);
  }

  /** A directory that cannot be opened is kept without entries; one that vanished is not there. */
  failed(error: unknown): ScannedUnit {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { ...this.output, gone: true };
    this.output.problems.push(unreadable(this.unit.relative, error));
    try {
      fillStat(lstatSync(pathBytes(this.unit.path), { bigint: true }), this.self);
    } catch {
      return { ...this.output, gone: true };
    }
    const self = entryMeta(this.unit.name, "directory", this.self, this.tools.owners, undefined);
    return { ...this.output, self: new Uint8Array(encodeMeta(self)), finished: { entries: 0, bytes: 0 } };
  }

  async run(): Promise<void> {
    const { names, ignore, isStore } = this.names();
    if (isStore) {
      this.output.gone = true;
      return;
    }
    if (ignore !== undefined) this.output.ignore = ignore;
    if (this.unit.part === undefined && names.length > PART_ENTRIES && this.previous.count === 0) {
      this.output.parts = [];
      for (let i = 0; i < names.length; i += PART_ENTRIES) {
        this.output.parts.push(names.slice(i, i + PART_ENTRIES));
      }
      return;
    }
    const ignores = [...this.unit.ignores];
    if (this.output.ignore) ignores.push({ directory: this.unit.below, patterns: this.output.ignore });
    this.excluded = ignoreRules(this.tools.rules.exclude[this.unit.source] ?? [], ignores);
    for (const name of names) {
      try {
        if (!this.directory.stat(name, this.stat)) continue;
        const waiting = this.entry(name);
        if (waiting !== undefined) await waiting;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
        this.output.problems.push(unreadable(joinPath(this.unit.relative, name), error));
      }
    }
  }

  private names(): ListedNames {
    try {
      return listNames(this.directory, this.unit, this.tools.rules, this.self);
    } catch (error) {
      this.output.problems.push(unreadable(this.unit.relative, error));
      return { names: [] };
    }
  }

  /** Deals with the entry whose stat was just taken. */
  private entry(name: string): Promise<void> | undefined {
    const { unit, stat, tools } = this;
    const type = typeOf(stat);
    if (this.excluded?.(joinPath(unit.below, name), type === "directory")) return undefined;
    const before = this.previous.find(name);
    if (type === "directory") {
      this.entries.pend(name, type, 0, before);
      return undefined;
    }
    if (type === undefined) throw new Error(`an entry of unknown type ${(stat.mode >> 12).toString(8)}`);
    if (type === "file") return this.file(name, before);
    const unchanged = before !== undefined && this.isUnchanged(name, before);
    this.block.add(name, stat, true);
    if (unchanged) {
      this.done(name, before, before, 0);
      return undefined;
    }
    const meta = entryMeta(
      name,
      type,
      stat,
      tools.owners,
      tools.native ? this.directory.xattrs(name) : undefined,
    );
    if (type === "symlink") meta.target = this.directory.readlink(name);
    if (type === "character-device" || type === "block-device") {
      meta.device = { major: stat.major, minor: stat.minor };
    }
    this.done(name, encodeMeta(meta), before, 0);
    return undefined;
  }

  /** Whether the previous meta still holds, by everything that a change of the entry would change. */
  private isUnchanged(name: string, before: Buffer): boolean {
    if (!this.block.isUnchanged(name, this.stat)) return false;
    const meta = decodeMeta(before);
    if (meta.type !== typeOf(this.stat) || meta.mtime !== mtimeOf(this.stat)) return false;
    return meta.type !== "file" || meta.size === this.stat.size;
  }

  private file(name: string, before: Buffer | undefined): Promise<void> | undefined {
    const { stat } = this;
    const unchanged = before !== undefined && this.isUnchanged(name, before);
    if (stat.links > 1) {
      this.block.add(name, stat, true);
      this.entries.pend(name, "file", stat.size, before, { unchanged, link: identityOf(stat) });
    } else if (unchanged) {
      this.block.add(name, stat, true);
      this.done(name, before, before, stat.size);
    } else if (!this.tools.rules.read) {
      this.lookOnly(name, before);
    } else if (
      stat.size >= LARGE_FILE_BYTES ||
      hadList(before) ||
      (stat.allocated < stat.size && stat.size >= SPARSE_FILE_BYTES)
    ) {
      this.block.add(name, stat, true);
      this.entries.pend(name, "file", stat.size, before);
    } else if (stat.size > this.tools.packer.free) return this.makeRoom(name, before);
    else this.readNow(name, before);
    return undefined;
  }

  /** A dry run: the file would be read. */
  private lookOnly(name: string, before: Buffer | undefined): void {
    const { stat, output, tools } = this;
    const meta = entryMeta(name, "file", stat, tools.owners, undefined);
    meta.size = stat.size;
    this.done(name, encodeMeta(meta), before, stat.size);
    output.counts.filesRead++;
    output.counts.bytesRead += stat.size;
    output.wouldRead ??= [];
    output.wouldRead.push(joinPath(this.unit.relative, name));
  }

  private async makeRoom(name: string, before: Buffer | undefined): Promise<void> {
    // Another scan of this worker may take the room first: ask until it is there when it is looked at.
    while (this.stat.size > this.tools.packer.free) await this.tools.packer.ensure(this.stat.size);
    this.readNow(name, before);
  }

  private readNow(name: string, before: Buffer | undefined): void {
    const { stat, tools, output } = this;
    if (stat.size === 0) {
      const xattrs = tools.native ? this.directory.xattrs(name) : undefined;
      this.block.add(name, stat, true);
      this.done(name, encodeMeta(entryMeta(name, "file", stat, tools.owners, xattrs)), before, 0);
      return;
    }
    const read = readSmallFile(tools, this.directory, name, stat, before && decodeMeta(before).chunk);
    if (read === null) {
      this.block.add(name, stat, true);
      this.entries.pend(name, "file", stat.size, before);
      return;
    }
    output.counts.filesRead++;
    output.counts.bytesRead += read.bytes;
    this.block.add(name, stat, !read.changed);
    if (read.changed) {
      output.problems.push({
        path: joinPath(this.unit.relative, name),
        reason: "it changed while it was read",
        kind: "changed",
      });
    }
    const meta = entryMeta(name, "file", stat, tools.owners, read.xattrs);
    meta.size = read.bytes;
    meta.chunk = read.ref.chunk;
    meta.list = read.ref.list;
    this.done(name, encodeMeta(meta), before, read.bytes);
  }

  private done(name: string, meta: Buffer, before: Buffer | undefined, bytes: number): void {
    const { counts } = this.output;
    if (before === undefined) counts.new++;
    else if (before === meta || before.equals(meta)) counts.unchanged++;
    else counts.changed++;
    this.entries.add(name, meta, bytes);
  }

  result(): ScannedUnit {
    const { output, unit, tools } = this;
    if (output.gone) return output;
    output.cache = new Uint8Array(this.block.finish());
    if (unit.part === undefined) {
      const xattrs = this.directory.selfHasXattrs() ? this.directory.xattrs(".") : undefined;
      const self = entryMeta(unit.name, "directory", this.self, tools.owners, xattrs);
      const finished = output.parts === undefined && !this.entries.hasPending;
      if (finished) output.finished = this.finish(self);
      output.self = new Uint8Array(encodeMeta(self));
      if (finished || output.parts !== undefined) return output;
    }
    output.entries = this.entries.pack();
    return output;
  }

  /** Completes the directory's meta. One that is as it was keeps its nodes; else they are made here. */
  private finish(self: Meta): NonNullable<ScannedUnit["finished"]> {
    const { unit, entries, output, previous, tools } = this;
    self.size = entries.bytes;
    self.entries = entries.count;
    if (unit.previous && output.counts.unchanged === previous.count && entries.count === previous.count) {
      self.directory = bufferOf(unit.previous);
    } else {
      const builder = new DirectoryBuilder(tools.hash, tools.emit);
      entries.addTo(builder);
      self.directory = builder.finish().directory ?? undefined;
    }
    return { entries: entries.count, bytes: entries.bytes };
  }
}
