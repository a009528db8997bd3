/** Reads a part of a table through a session, into slabs. Runs in ingest workers, and beside them. */
import { DatadbError } from "@datadb/protocol";
import type { SlabPacker } from "../../ingest/slab-packer.ts";
import { databaseError } from "../connect/database-error.ts";
import type { Session } from "../connect/open-session.ts";
import { copyOut } from "./copy-out.ts";
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
  let kept = 0;
  let error: RowsError | null = null;
  try {
    const { client } = await session();
    if (recorder !== null && mayBeKept(unit)) kept = await readChanged(client, cutter, unit, events);
    else
      await copyOut(client, {
        sql: [unit.before, unit.copy, unit.after].filter((part) => part !== "").join(";\n"),
        sink: cutter,
        started: events.started,
        progress: (bytes) => events.progress(bytes, unit.path),
      });
    cutter.finish();
    recorder?.finish(unit.sums!.range.upTo);
  } catch (cause) {
    error = errorOf(databaseError(cause, `${unit.target.label}: reading ${unit.path}`), unit.path);
  }
  // The trailer of the binary format comes as a row comes.
  const rows = unit.format === "binary" ? Math.max(0, cutter.rows - 1) : cutter.rows;
  const seconds = (performance.now() - started) / 1000;
  const rest = packed(cutter.takeRun());
  const segments = recorder?.segments ?? null;
  return { rows, bytes: cutter.bytes, kept, threshold: cutter.threshold, seconds, rest, segments, error };
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
