/** Reads all tables: a seat for each session, ranges in order, locks given back table by table. */
import type { Engine } from "../../../ingest/engine.ts";
import { readRows } from "./read-rows.ts";
import { type OpenTable, type RangeToRead, RowsPlan, type RowsPlanOptions } from "./rows-plan.ts";
import type { RowsOutcome, RowsSeat, RowsUnit } from "./rows-unit.ts";
import type { Segment, TableSums } from "./segments.ts";
import type { SummedTable } from "./summed-table.ts";
import type { TableContent } from "./table-content.ts";
import type { TableToRead } from "./table-to-read.ts";
import { errorFrom } from "./unit-reading.ts";

export interface ReadTablesOptions extends Omit<RowsPlanOptions, "emit" | "expectsNew"> {
  engine: Engine;
  progress(bytes: number, path: string): void;
  /** Aborted: no more is read, since what was read is of no use; the sessions end. */
  stop: AbortController;
  /** A table is read. */
  read(table: TableToRead, content: TableContent, format: "text" | "binary", sums: TableSums | null): void;
}

/** Resolves when every row of every table was read. Rejects with the first failure, when no seat reads any more. */
export async function readTables(options: ReadTablesOptions): Promise<void> {
  const { engine, seats } = options;
  const stopped = options.stop.signal;
  const plan = new RowsPlan({ ...options, emit: engine.emit, expectsNew: engine.upload.expectsNew });
  const read = async (seat: RowsSeat): Promise<void> => {
    /** The table whose lock the session has kept for its next range. */
    let kept: OpenTable | null = null;
    for (let next = await plan.take(seat); next.length > 0; next = await plan.take(seat)) {
      while (next.length > 0 && !stopped.aborted) {
        const { open, range } = next[0]!;
        const keep = next.length === 1 && open.next < open.ranges.length;
        const units = unitsOf(plan, next, kept, keep);
        const outcomes: RowsOutcome[] = await engine.pool.rows(seat, units, {
          started: () => plan.rangeLocked(open, range),
          part: (part) => open.assembly.part(range, part),
        });
        kept = keep && outcomes[0]!.error === null ? open : null;
        for (const [i, outcome] of outcomes.entries()) {
          if (outcome.error === null) finishRange(options, plan, next[i]!, outcome);
          else if (outcome.error.code === "DATABASE_BUSY" && units[i]!.before !== "")
            await readHere(options, plan, next[i]!, units[i]!);
          else throw errorFrom(outcome.error);
        }
        next = next.slice(outcomes.length);
      }
      if (stopped.aborted) break;
    }
  };
  const end = (seat: RowsSeat): Promise<unknown> => engine.pool.rows(seat, null, { started() {}, part() {} });
  // A session that reads is cut off: another try must find it free.
  stopped.addEventListener("abort", () => seats.forEach((seat) => void end(seat).catch(() => {})));
  const reading = seats.map(async (seat) => {
    await read(seat);
    await end(seat);
  });
  try {
    await Promise.all(reading);
  } catch (error) {
    options.stop.abort();
    await Promise.allSettled(reading);
    throw error;
  }
}

/**
 * Several tables share a transaction. `kept`: the table whose transaction is still open; `keep`: the transaction stays open for more
 * ranges of the one table.
 */
function unitsOf(
  plan: RowsPlan,
  ranges: readonly RangeToRead[],
  kept: OpenTable | null,
  keep: boolean,
): RowsUnit[] {
  return ranges.map(({ open, range }, i) => {
    const before =
      i > 0
        ? [plan.lock(open)]
        : kept === open
          ? []
          : [...(kept === null ? [] : ["COMMIT"]), ...plan.begin(open)];
    const isLast = i === ranges.length - 1;
    return {
      ...plan.unit(open, range),
      before: before.join("; "),
      after: isLast && !keep ? "COMMIT" : "",
    };
  });
}

/** The holder has a lock, and reads: somebody waits to change the table and nobody new gets one before, or a reading session's went with its transaction. */
async function readHere(
  options: ReadTablesOptions,
  plan: RowsPlan,
  next: RangeToRead,
  unit: RowsUnit,
): Promise<void> {
  const { holder, turn, engine } = options;
  const { open, range } = next;
  const own: RowsUnit = {
    ...unit,
    before: ["SAVEPOINT here", ...plan.settings(open.query, open.table)].join("; "),
    after: "ROLLBACK TO SAVEPOINT here; RELEASE SAVEPOINT here",
  };
  const outcome = await turn(() =>
    engine.withPacker((packer) =>
      readRows(packer, async () => holder, own, {
        started() {},
        part: (part) => open.assembly.part(range, part),
        progress: options.progress,
      }),
    ),
  );
  if (outcome.error !== null) throw errorFrom(outcome.error);
  finishRange(options, plan, next, outcome);
}

function finishRange(
  { read }: ReadTablesOptions,
  plan: RowsPlan,
  { open, range }: RangeToRead,
  outcome: RowsOutcome,
): void {
  plan.rangeLocked(open, range);
  open.assembly.part(range, outcome.rest);
  open.assembly.done(range, outcome);
  if (--open.left > 0) return;
  const content = open.assembly.finish();
  read(open.table, content, open.query.format, tableSums(open.sums, content.segments));
}

function tableSums(sums: SummedTable | null, segments: Segment[] | null): TableSums | null {
  return sums === null || segments === null
    ? null
    : { seed: sums.sum.seed, signature: sums.signature, segments };
}
