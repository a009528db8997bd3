/** Reads all tables: a seat for each session, ranges in order, locks given back table by table. */
import type { Engine } from "../../ingest/engine.ts";
import { errorFrom, readRows } from "./read-rows.ts";
import { type OpenTable, type RangeToRead, RowsPlan, type RowsPlanOptions } from "./rows-plan.ts";
import type { RowsOutcome, RowsUnit } from "./rows-unit.ts";
import type { TableContent } from "./table-content.ts";
import type { TableToRead } from "./table-to-read.ts";

export interface ReadTablesOptions extends Omit<RowsPlanOptions, "emit"> {
  engine: Engine;
  progress(bytes: number, path: string): void;
  /** No more is read: what was read is of no use. */
  stopped: AbortSignal;
  /** A table is read. */
  read(table: TableToRead, content: TableContent, format: "text" | "binary"): void;
}

/** Resolves when every row of every table was read. Rejects with the first failure; the caller ends the sessions. */
export async function readTables(options: ReadTablesOptions): Promise<void> {
  const { engine, seats } = options;
  const plan = new RowsPlan({ ...options, emit: engine.emit });
  const seat = async (number: number): Promise<void> => {
    /** The table whose lock the session has kept for its next range. */
    let kept: OpenTable | null = null;
    for (let next = await plan.take(); next !== null; next = await plan.take()) {
      if (options.stopped.aborted) break;
      const { open, range } = next;
      const keep = open.next < open.ranges.length;
      const before: string[] =
        kept === open ? [] : [...(kept === null ? [] : ["COMMIT"]), ...plan.begin(open)];
      const unit: RowsUnit = {
        ...plan.unit(open, range),
        before: before.join("; "),
        after: keep ? "" : "COMMIT",
      };
      const outcome: RowsOutcome = (await engine.pool.rows(number, unit, {
        started: () => plan.rangeLocked(open, range),
        part: (part) => open.assembly.part(range, part),
      }))!;
      kept = keep && outcome.error === null ? open : null;
      if (outcome.error === null) finishRange(options, plan, next, outcome);
      else if (outcome.error.code === "DATABASE_BUSY" && before.length > 0)
        await readHere(options, plan, next, unit);
      else throw errorFrom(outcome.error);
    }
    await engine.pool.rows(number, null, { started() {}, part() {} });
  };
  await Promise.all(Array.from({ length: seats }, (_, number) => seat(number)));
}

/** Somebody waits to change the table, and nobody new gets a lock before: the holder has one, and reads. */
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
        progress: (bytes) => options.progress(bytes, unit.path),
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
  open.assembly.done(range, outcome);
  if (--open.left === 0) read(open.table, open.assembly.finish(), open.query.format);
}
