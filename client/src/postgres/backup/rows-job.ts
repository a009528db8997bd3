/** The part of an ingest worker that reads rows. */
import { INPUT_BYTES } from "../../chunker/slab-memory.ts";
import type { SlabPacker } from "../../ingest/slab-packer.ts";
import { readRows } from "./read-rows.ts";
import { type RowScanner, rowScanner } from "./row-scanner.ts";
import type { RowsEvents, RowsOutcome, RowsUnit } from "./rows-unit.ts";
import { endWorkerSession, resetWorkerSession, workerSession } from "./rows-worker-session.ts";

/** The memory of this thread: all slabs, and the address where its session's input lies. */
export interface RowsMemory {
  memory: WebAssembly.Memory;
  input: number;
}

let scanner: RowScanner | undefined;

/** `unit` null: no more will be read, the session ends. */
export async function runRowsJob(
  packer: SlabPacker,
  { memory, input }: RowsMemory,
  unit: RowsUnit | null,
  events: RowsEvents,
): Promise<RowsOutcome | null> {
  if (unit === null) {
    await endWorkerSession();
    return null;
  }
  scanner ??= rowScanner(memory);
  const place = packer.view.subarray(input, input + INPUT_BYTES);
  const session = () => workerSession(unit.target, unit.applicationName, place);
  const outcome = await readRows(packer, session, unit, events, scanner);
  if (outcome.error !== null) await resetWorkerSession();
  return outcome;
}
