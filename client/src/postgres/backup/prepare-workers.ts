/** Lets the ingest workers load what reads rows, while it is found out which rows there are. */
import type { Engine } from "../../ingest/engine.ts";

export function prepareWorkers({ pool }: Engine): void {
  const nothing = (): void => {};
  for (let worker = 0; worker < pool.size; worker++)
    // One that fails is told by engine.failure.
    pool.rows(worker, [], { started: nothing, part: nothing }).catch(nothing);
}
