/** Reads a part of a table through a session, into slabs. Runs in ingest workers, and beside them. */
import type { SlabPacker } from "../../../ingest/slab-packer.ts";
import type { Session } from "../../connect/session.ts";
import { copyOut } from "./copy-out.ts";
import type { PreviousChunks } from "./key-bases.ts";
import { readChanged } from "./read-changed.ts";
import type { RowScanner } from "./row-scanner.ts";
import type { RowsEvents, RowsOutcome, RowsUnit, UnitSums } from "./rows-unit.ts";
import { beginUnit, joined, reasonOf } from "./unit-reading.ts";

/** Never throws: what went wrong is in the outcome. The caller flushes the packer before it passes the outcome on. `scanner`: of this thread. */
export async function readRows(
  packer: SlabPacker,
  session: () => Promise<Session>,
  unit: RowsUnit,
  events: RowsEvents,
  scanner: RowScanner | null = null,
): Promise<RowsOutcome> {
  const reading = beginUnit(packer, unit, events, scanner);
  const { cutter, recorder } = reading;
  let kept = 0;
  let error: unknown = null;
  let opened: Session | undefined;
  try {
    opened = await session();
    const { client } = opened;
    if (recorder !== null && mayBeKept(unit)) kept = await readChanged(client, cutter, unit, events);
    else
      await copyOut(client, {
        sql: joined([unit.before, unit.copy, unit.after]),
        sink: cutter,
        isBusy: packer.encodes,
        started: events.started,
        progress: (bytes) => events.progress(bytes, unit.path),
      });
    reading.finish();
  } catch (cause) {
    error = reasonOf(cause, opened);
  }
  return reading.outcome(kept, error);
}

/** Whether all rows of the unit come, whatever it was before. */
export function isReadWhole(unit: RowsUnit): boolean {
  return unit.sums === null || !mayBeKept(unit);
}

function mayBeKept(unit: RowsUnit): unit is RowsUnit & { sums: UnitSums; previous: PreviousChunks } {
  return unit.previous !== null && unit.threshold > 0 && (unit.sums?.before ?? null) !== null;
}
