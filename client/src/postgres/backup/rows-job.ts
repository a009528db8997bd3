/** The part of an ingest worker that reads rows. */
import type { SlabPacker } from "../../ingest/slab-packer.ts";
import { readRows } from "./read-rows.ts";
import type { RowsEvents, RowsOutcome, RowsUnit } from "./rows-unit.ts";
import { endWorkerSession, resetWorkerSession, workerSession } from "./rows-worker-session.ts";

/** `unit` null: no more will be read, the session ends. */
export async function runRowsJob(
  packer: SlabPacker,
  unit: RowsUnit | null,
  events: RowsEvents,
): Promise<RowsOutcome | null> {
  if (unit === null) {
    await endWorkerSession();
    return null;
  }
  const session = () => workerSession(unit.target, unit.applicationName);
  const outcome = await readRows(packer, session, unit, events);
  if (outcome.error !== null) await resetWorkerSession();
  return outcome;
}
