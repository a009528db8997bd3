/** One unit under way: its rows go through a cutter, and an outcome comes of them. */
import { DatadbError } from "@datadb/protocol";
import type { SlabPacker } from "../../../ingest/slab-packer.ts";
import { databaseError } from "../../connect/database-error.ts";
import type { Session } from "../../connect/session.ts";
import type { ChunkRun } from "./cut-chunks.ts";
import { KeyBases } from "./key-bases.ts";
import { keyHash } from "./key-hash.ts";
import { RowCutter } from "./row-cutter.ts";
import type { RowScanner } from "./row-scanner.ts";
import type { RowsError, RowsEvents, RowsOutcome, RowsPart, RowsUnit } from "./rows-unit.ts";
import { SegmentRecorder } from "./segments.ts";

/** Chunks after which a part is told: what a thread holds of a large table. */
const PART_CHUNKS = 4096;

export interface UnitReading {
  cutter: RowCutter;
  recorder: SegmentRecorder | null;
  /** All rows came. */
  finish(): void;
  /** `kept`: bytes that were not read; `error`: what was thrown, or null. */
  outcome(kept: number, error: unknown): RowsOutcome;
}

/** `sorts`: the rows come as they lie. */
export function beginUnit(
  packer: SlabPacker,
  unit: RowsUnit,
  events: RowsEvents,
  scanner: RowScanner | null,
  sorts = false,
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
    thresholdBefore: unit.thresholdBefore,
    bases,
    flushed,
    scanner: scans ? scanner : null,
    sums: recorder && { recorder, key: unit.sums!.key },
    sorts,
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

/** A session that was lost before says why; the driver only says that it cannot be asked any more. */
export function reasonOf(cause: unknown, session: Session | undefined): unknown {
  const isUnasked = /not queryable/.test((cause as Error).message);
  return (isUnasked ? session?.lostBy()?.cause : undefined) ?? cause;
}

/** As one message. */
export function joined(commands: readonly string[]): string {
  return commands.filter((command) => command !== "").join(";\n");
}
