/** The part of an ingest worker that reads rows. */
import { INPUT_BYTES } from "../../chunker/slab-memory.ts";
import type { SlabPacker } from "../../ingest/slab-packer.ts";
import { isReadWhole, readRows, readSeveral } from "./read-rows.ts";
import { type RowScanner, rowScanner } from "./row-scanner.ts";
import type { RowsEvents, RowsOutcome, RowsSession, RowsUnit } from "./rows-unit.ts";
import { endWorkerSession, resetWorkerSession, workerSession } from "./rows-worker-session.ts";

/** The memory of this thread: all slabs, and the address where its session's input lies. */
export interface RowsMemory {
  memory: WebAssembly.Memory;
  input: number;
}

let scanner: RowScanner | undefined;

const nothing = (): void => {};

/** Begins to open the session of this thread. What it fails with, the first unit is told. */
export function openRowsSession(
  { memory, input }: RowsMemory,
  { target, applicationName }: RowsSession,
): void {
  workerSession(target, applicationName, inputAt(memory, input)).catch(nothing);
}

function inputAt({ buffer }: WebAssembly.Memory, input: number): Buffer {
  return Buffer.from(buffer, input, INPUT_BYTES);
}

/** Up to the first unit that fails. `units` null: no more will be read, the session ends. */
export async function runRowsJob(
  packer: SlabPacker,
  { memory, input }: RowsMemory,
  units: RowsUnit[] | null,
  events: RowsEvents,
): Promise<RowsOutcome[]> {
  if (units === null) await endWorkerSession();
  scanner ??= rowScanner(memory);
  const place = inputAt(memory, input);
  const session = () => workerSession(units![0]!.target, units![0]!.applicationName, place);
  // Of many small ones, what they tell before they are done costs more than their rows.
  const several = (units?.length ?? 0) > 1 && units!.every(isReadWhole);
  const told = (units?.length ?? 0) > 1 ? { ...events, started: nothing, part: null } : events;
  const outcomes = several ? await readSeveral(packer, session, units!, told, scanner) : [];
  for (const unit of several ? [] : (units ?? [])) {
    const outcome = await readRows(packer, session, unit, told, scanner);
    outcomes.push(outcome);
    if (outcome.error !== null) break;
  }
  if (outcomes.some(({ error }) => error !== null)) await resetWorkerSession();
  return outcomes;
}
