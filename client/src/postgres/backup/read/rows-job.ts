/** The part of an ingest worker that reads rows. */
import { INPUT_BYTES } from "../../../chunker/slab-memory.ts";
import type { RowsJob } from "../../../ingest/messages.ts";
import type { SlabPacker } from "../../../ingest/slab-packer.ts";
import { isReadWhole, readRows } from "./read-rows.ts";
import { readSeveral } from "./read-several.ts";
import { type RowScanner, rowScanner } from "./row-scanner.ts";
import type { RowsEvents, RowsOutcome, RowsUnit } from "./rows-unit.ts";
import { WorkerSession } from "./rows-worker-session.ts";

/** The memory of this thread: all slabs, and the address where the inputs of its sessions lie. */
export interface RowsMemory {
  memory: WebAssembly.Memory;
  input: number;
}

interface Lane {
  session: WorkerSession;
  scanner: RowScanner;
}

const lanes: Lane[] = [];

const nothing = (): void => {};

function laneOf({ memory, input }: RowsMemory, lane: number): Lane {
  lanes[lane] ??= {
    session: new WorkerSession(Buffer.from(memory.buffer, input + lane * INPUT_BYTES, INPUT_BYTES)),
    scanner: rowScanner(memory),
  };
  return lanes[lane];
}

/** Up to the first unit that fails. `units` null: no more will be read, the session ends. */
export async function runRowsJob(
  packer: SlabPacker,
  memory: RowsMemory,
  { lane, units, session: early }: RowsJob,
  events: RowsEvents,
): Promise<RowsOutcome[]> {
  const { session, scanner } = laneOf(memory, lane);
  // What it fails with, the first unit is told.
  if (early !== undefined) session.open(early).catch(nothing);
  if (units === null) await session.end();
  if (units === null || units.length === 0) return [];
  const outcomes = await readUnits(packer, session, units, events, scanner);
  if (outcomes.some(({ error }) => error !== null)) await session.reset();
  return outcomes;
}

async function readUnits(
  packer: SlabPacker,
  session: WorkerSession,
  units: readonly RowsUnit[],
  events: RowsEvents,
  scanner: RowScanner,
): Promise<RowsOutcome[]> {
  const open = () => session.open(units[0]!);
  if (units.length === 1) return [await readRows(packer, open, units[0]!, events, scanner)];
  // Of many small ones, what they tell before they are done costs more than their rows.
  const told = { ...events, started: nothing, part: null };
  if (units.every(isReadWhole)) return await readSeveral(packer, open, units, told, scanner);
  const outcomes: RowsOutcome[] = [];
  for (const unit of units) {
    const outcome = await readRows(packer, open, unit, told, scanner);
    outcomes.push(outcome);
    if (outcome.error !== null) break;
  }
  return outcomes;
}
