/** Which rows are read next, and by which commands: tables in order, each in its ranges. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { EmitWithBase } from "../../../ingest/node-collector.ts";
import type { Session } from "../../connect/session.ts";
import type { LockedTables } from "../lock/lock-tables.ts";
import type { PreviousTables } from "../previous-tables.ts";
import { copyQuery, copyUnsorted, qualified, readSettings, type TableQuery } from "./copy-query.ts";
import type { PreviousChunks } from "./key-bases.ts";
import type { Turn } from "./one-at-a-time.ts";
import { type PlannedRange, planRanges } from "./plan-ranges.ts";
import type { RowsSeat, RowsUnit } from "./rows-unit.ts";
import { segmentBytes } from "./segments.ts";
import { type SummedTable, summedTable } from "./summed-table.ts";
import { assembleTable, type NodeBase, type TableAssembly } from "./table-content.ts";
import { tableProgress } from "./table-progress.ts";
import type { TableToRead } from "./table-to-read.ts";
import { MAX_CHUNK_BYTES } from "./threshold.ts";

/** Tables up to this size may be read several in one go: so many at most. */
const SMALL_BYTES = 256 << 10;
const MOST_TOGETHER = 32;

function isSmall(table: TableToRead | undefined): boolean {
  return table !== undefined && table.filter === null && table.bytes <= SMALL_BYTES;
}

export interface RowsPlanOptions {
  hash: HashAlgorithm;
  emit: EmitWithBase;
  holder: Session;
  /** The holder's session is one for all. */
  turn: Turn;
  locked: LockedTables<TableToRead>;
  previous: PreviousTables;
  /** Whether the store probably has nothing of what no backup had. */
  expectsNew(): boolean;
  nodeBases(path: string): Promise<NodeBase>;
  seats: readonly RowsSeat[];
  applicationName: string;
  /** Paths of tables whose text the server cannot write: read in the binary format. */
  binary: ReadonlySet<string>;
}

/** A table that is being read. */
export interface OpenTable {
  index: number;
  table: TableToRead;
  query: TableQuery;
  ranges: PlannedRange[];
  threshold: number;
  thresholdBefore: number;
  chunks: PreviousChunks | null;
  sums: SummedTable | null;
  assembly: TableAssembly;
  /** The next range to begin, and how many are not done. */
  next: number;
  left: number;
  /** Ranges whose reader has a lock, or is done. */
  locked: Set<number>;
}

export interface RangeToRead {
  open: OpenTable;
  range: number;
}

export class RowsPlan {
  private readonly options: RowsPlanOptions;
  private readonly progress = tableProgress();
  private current: OpenTable | null = null;
  private next = 0;
  private planning: Promise<unknown> = Promise.resolve();

  constructor(options: RowsPlanOptions) {
    this.options = options;
  }

  /** The next range to read, or several small tables that are read alike; empty when there is none for this seat. */
  take(seat: RowsSeat): Promise<RangeToRead[]> {
    const mine = this.planning.then(() => this.takeSome(seat));
    this.planning = mine.catch(() => {});
    return mine;
  }

  /** Whoever reads the range has a lock of its own, or the range is read: the holder gives up what nobody needs. */
  rangeLocked({ index, locked }: OpenTable, range: number): void {
    if (locked.has(range)) return;
    locked.add(range);
    this.progress.rangeLocked(index);
    // What is releasable when the turn comes: many tables may be done by then.
    void this.options.turn(() => this.options.locked.release(this.progress.releasable));
  }

  /** Commands that begin to read a table: in the snapshot, locked. */
  begin(open: OpenTable): string[] {
    return [
      "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
      `SET TRANSACTION SNAPSHOT '${this.options.locked.snapshot}'`,
      ...this.settings(open.query, open.table),
      this.lock(open),
    ];
  }

  /** For one more table in the same transaction. */
  lock({ table }: OpenTable): string {
    return `LOCK TABLE ONLY ${qualified(table)} IN ACCESS SHARE MODE NOWAIT`;
  }

  /** A filter is the user's own SQL, and finds tables as the user does. */
  settings(query: TableQuery, { filter, searchPath }: TableToRead): string[] {
    const path = filter === null || searchPath === "" ? [] : [`SET LOCAL search_path = ${searchPath}`];
    return [...path, ...readSettings(query, this.options.holder.server.versionNumber)];
  }

  unit(
    { table, query, threshold, thresholdBefore, chunks, ranges, sums }: OpenTable,
    range: number,
  ): RowsUnit {
    const { begin, before, after, upTo } = ranges[range]!;
    const fields = table.key?.columns.map((column) => table.columns.indexOf(column)).sort((a, b) => a - b);
    return {
      target: this.options.holder.target,
      applicationName: this.options.applicationName,
      before: "",
      copy: copyQuery(query, ranges[range]!),
      copyUnsorted:
        ranges.length === 1 && sums === null && this.canBeSorted(table) ? copyUnsorted(query) : null,
      after: "",
      fields: fields ?? null,
      format: query.format,
      threshold,
      thresholdBefore,
      previous: chunks,
      isNew: chunks === null && this.options.expectsNew(),
      start: before?.chunk ?? (chunks === null ? 0 : Math.floor(chunks.marks.length * begin)),
      path: table.path,
      sums: sums && {
        sum: sums.sum,
        least: segmentBytes(table.bytes),
        key: sums.key,
        range: { after, upTo },
        before: before && { query, segments: before.segments },
      },
    };
  }

  /** As far as is known before: rows may be far longer than what they take on the server, and those that are too many come twice. */
  private canBeSorted(table: TableToRead): boolean {
    const before = this.options.previous.table(table.path);
    return isSmall(table) && (before === undefined || before.bytes <= MAX_CHUNK_BYTES);
  }

  private async takeSome({ lane }: RowsSeat): Promise<RangeToRead[]> {
    const { locked, seats } = this.options;
    const { tables } = locked;
    // They come first.
    if (lane > 0 && !isSmall(tables[this.next])) return [];
    const first = await this.takeNext();
    if (first === null) return [];
    const some = [first];
    const most = Math.min(MOST_TOGETHER, Math.ceil((tables.length - this.next) / (2 * seats.length)));
    const isAlike = (table: TableToRead | undefined): boolean =>
      isSmall(table) && table?.order === first.open.table.order;
    if (!isAlike(first.open.table)) return some;
    while (some.length < most && isAlike(tables[this.next])) some.push((await this.takeNext())!);
    return some;
  }

  private async takeNext(): Promise<RangeToRead | null> {
    if (this.current === null || this.current.next >= this.current.ranges.length) {
      const { tables } = this.options.locked;
      if (this.next >= tables.length) return null;
      const index = this.next++;
      this.current = await this.open(index);
      this.progress.planned(index, this.current.ranges.length);
    }
    return { open: this.current, range: this.current.next++ };
  }

  private async open(index: number): Promise<OpenTable> {
    const { locked, previous, holder, turn, seats, hash, emit, nodeBases } = this.options;
    const table = locked.tables[index]!;
    const before = previous.table(table.path);
    const format = this.options.binary.has(table.path) ? "binary" : (before?.format ?? "text");
    const same =
      before?.format === format && JSON.stringify(before.key?.columns) === JSON.stringify(table.key?.columns);
    const query: TableQuery = { ...table, format };
    const comparable = same ? before : null;
    const chunksKnown = previous.chunks(table.path);
    const [{ ranges, threshold, sums }, chunks, base] = await Promise.all([
      turn(async () => {
        const known = comparable && previous.sums(table.path);
        const sums = format === "text" ? await summedTable(holder, table, known) : null;
        const segments = sums?.before && (await chunksKnown) ? sums.before.segments : null;
        const plan = await planRanges(holder, query, {
          bytes: table.bytes,
          jobs: seats.filter(({ lane }) => lane === 0).length,
          before: comparable,
          splittable: format === "text" && table.splittable,
          segments,
        });
        return { ...plan, sums };
      }),
      chunksKnown,
      nodeBases(table.path),
    ]);
    return {
      index,
      table,
      query: ranges.length > 1 && query.order === "physical" ? { ...query, order: "ctid" } : query,
      ranges,
      threshold,
      thresholdBefore: comparable?.threshold ?? 0,
      chunks,
      sums,
      assembly: assembleTable(hash, ranges, emit, base),
      next: 0,
      left: ranges.length,
      locked: new Set(),
    };
  }
}
