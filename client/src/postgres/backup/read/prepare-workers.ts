/** Lets the ingest workers load what reads rows, and connect, while it is found out which rows there are. */
import type { Engine } from "../../../ingest/engine.ts";
import type { RowsSeat, RowsSession } from "./rows-unit.ts";

const nothing = (): void => {};

/** `session`: opened for each seat; null: the workers only load. */
export function prepareWorkers(
  { pool }: Engine,
  seats: readonly RowsSeat[],
  session: RowsSession | null,
): void {
  // One that fails is told by engine.failure.
  for (const seat of seats)
    pool.rows(seat, [], { started: nothing, part: nothing }, session ?? undefined).catch(nothing);
}
