/** Reads a part of a table through a session, into slabs. Runs in ingest workers, and beside them. */
import { DatadbError } from "@datadb/protocol";
import type { SlabPacker } from "../../ingest/slab-packer.ts";
import { databaseError } from "../connect/database-error.ts";
import type { Session } from "../connect/open-session.ts";
import { copyOut } from "./copy-out.ts";
import { KeyBases } from "./key-bases.ts";
import { keyHash } from "./key-hash.ts";
import { type ChunkRun, RowCutter } from "./row-cutter.ts";
import type { RowScanner } from "./row-scanner.ts";
import type { RowsError, RowsEvents, RowsOutcome, RowsPart, RowsUnit } from "./rows-unit.ts";

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
  const cutter: RowCutter = new RowCutter(packer, hash, unit.threshold, {
    bases,
    flushed,
    scanner: scanner?.begin(unit.fields, unit.format) ? scanner : null,
  });
  let error: RowsError | null = null;
  try {
    await copyOut((await session()).client, {
      sql: [unit.before, unit.copy, unit.after].filter((part) => part !== "").join(";\n"),
      sink: cutter,
      started: events.started,
      progress: (bytes) => events.progress(bytes, unit.path),
    });
    cutter.finish();
  } catch (cause) {
    error = errorOf(databaseError(cause, `${unit.target.label}: reading ${unit.path}`), unit.path);
  }
  // The trailer of the binary format comes as a row comes.
  const rows = unit.format === "binary" ? Math.max(0, cutter.rows - 1) : cutter.rows;
  const seconds = (performance.now() - started) / 1000;
  const rest = packed(cutter.takeRun());
  return { rows, bytes: cutter.bytes, threshold: cutter.threshold, seconds, rest, error };
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
