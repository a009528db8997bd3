/** Reads a part of a table through a session, into slabs. Runs in ingest workers, and beside them. */
import { DatadbError } from "@datadb/protocol";
import type { SlabPacker } from "../../../ingest/slab-packer.ts";
import { databaseError } from "../../connect/database-error.ts";
import type { Session } from "../../connect/session.ts";
import { type CopyOutOptions, copyOut } from "./copy-out.ts";
import { KeyBases, type PreviousChunks } from "./key-bases.ts";
import { keyHash } from "./key-hash.ts";
import { readChanged } from "./read-changed.ts";
import { type ChunkRun, RowCutter } from "./row-cutter.ts";
import type { RowScanner } from "./row-scanner.ts";
import type { RowsError, RowsEvents, RowsOutcome, RowsPart, RowsUnit, UnitSums } from "./rows-unit.ts";
import { SegmentRecorder } from "./segments.ts";

/** Chunks after which a part is told: what a thread holds of a large table. */
const PART_CHUNKS = 4096;

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

/**
 * Reads several tables with one message: a thread that asks for one after another is woken for each, and so is the server. Up to the first
 * that fails. Never throws.
 */
export async function readSeveral(
  packer: SlabPacker,
  session: () => Promise<Session>,
  units: readonly RowsUnit[],
  events: RowsEvents,
  scanner: RowScanner | null = null,
): Promise<RowsOutcome[]> {
  const outcomes: RowsOutcome[] = [];
  let reading = beginUnit(packer, units[0]!, events, scanner);
  const copying: CopyOutOptions = {
    sql: joined(units.flatMap(({ before, copy, after }) => [before, copy, after])),
    sink: reading.cutter,
    isBusy: packer.encodes,
    finished() {
      reading.finish();
      const next = units[outcomes.length + 1];
      // The last one may fail still, with what comes after its rows.
      if (next === undefined) return;
      outcomes.push(reading.outcome(0, null));
      reading = beginUnit(packer, next, events, scanner);
      copying.sink = reading.cutter;
    },
  };
  let error: unknown = null;
  let opened: Session | undefined;
  try {
    opened = await session();
    await copyOut(opened.client, copying);
  } catch (cause) {
    error = reasonOf(cause, opened);
  }
  return [...outcomes, reading.outcome(0, error)];
}

/** A session that was lost before says why; the driver only says that it cannot be asked any more. */
function reasonOf(cause: unknown, session: Session | undefined): unknown {
  const isUnasked = /not queryable/.test((cause as Error).message);
  return (isUnasked ? session?.lostBy()?.cause : undefined) ?? cause;
}

function joined(commands: readonly string[]): string {
  return commands.filter((command) => command !== "").join(";\n");
}

/** Whether all rows of the unit come, whatever it was before. */
export function isReadWhole(unit: RowsUnit): boolean {
  return unit.sums === null || !mayBeKept(unit);
}

interface UnitReading {
  cutter: RowCutter;
  recorder: SegmentRecorder | null;
  /** All rows came. */
  finish(): void;
  /** `kept`: bytes that were not read; `error`: what was thrown, or null. */
  outcome(kept: number, error: unknown): RowsOutcome;
}

function beginUnit(
  packer: SlabPacker,
  unit: RowsUnit,
  events: RowsEvents,
  scanner: RowScanner | null,
): UnitReading {
  const started = performance.now();
  const bases = unit.previous === null ? undefined : new KeyBases(unit.previous, unit.start);
  const flushed = (): void => {
    if (cutter.waitingChunks >= PART_CHUNKS) events.part?.(packed(cutter.takeRun()));
  };
  const hash = keyHash(unit.fields, unit.format);
  const scans = scanner?.begin(unit.fields, unit.format, unit.sums?.sum) ?? false;
  const recorder = scans && unit.sums !== null ? new SegmentRecorder(unit.sums.least) : null;
  const cutter: RowCutter = new RowCutter(packer, hash, unit.threshold, {
    bases,
    flushed,
    scanner: scans ? scanner : null,
    sums: recorder && { recorder, key: unit.sums!.key },
  });
  return {
    cutter,
    recorder,
    finish() {
      cutter.finish();
      recorder?.finish(unit.sums!.range.upTo);
    },
    outcome(kept, thrown) {
      const error =
        thrown === null
          ? null
          : errorOf(databaseError(thrown, `${unit.target.label}: reading ${unit.path}`), unit.path);
      // The trailer of the binary format comes as a row comes.
      const rows = unit.format === "binary" ? Math.max(0, cutter.rows - 1) : cutter.rows;
      const seconds = (performance.now() - started) / 1000;
      const rest = packed(cutter.takeRun());
      const segments = recorder?.segments ?? null;
      const { bytes, threshold } = cutter;
      return { rows, bytes, kept, threshold, seconds, rest, segments, error };
    },
  };
}

function mayBeKept(unit: RowsUnit): unit is RowsUnit & { sums: UnitSums; previous: PreviousChunks } {
  return unit.previous !== null && unit.threshold > 0 && (unit.sums?.before ?? null) !== null;
}

function packed({ names, lengths, marks }: ChunkRun): RowsPart {
  return {
    names: new Uint8Array(Buffer.concat(names)),
    lengths: Uint32Array.from(lengths),
    marks: Uint16Array.from(marks),
  };
}

function errorOf({ code, message, next, fields }: DatadbError, table: string): RowsError {
  return { code, message, next, fields: { ...fields, table } };
}

/** The error again, on the other side. */
export function errorFrom({ code, message, next, fields }: RowsError): DatadbError {
  return new DatadbError(code, message, { next, fields });
}
