/** Lets the ingest workers load what reads rows, and connect, while it is found out which rows there are. */
import type { Engine } from "../../ingest/engine.ts";
import type { RowsSession } from "./rows-unit.ts";

const nothing = (): void => {};

/** `session`: opened by so many of them; null: they only load. */
export function prepareWorkers({ pool }: Engine, workers: number, session: RowsSession | null): void {
  for (let worker = 0; worker < workers; worker++)
    // One that fails is told by engine.failure.
    pool.rows(worker, [], { started: nothing, part: nothing }, session ?? undefined).catch(nothing);
}
