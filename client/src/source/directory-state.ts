/** One directory on its way through a walk. */
import {
  DirectoryBuilder,
  decodeMeta,
  type EmitNode,
  encodeMeta,
  type HashAlgorithm,
} from "@datadb/protocol";
import { bufferOf } from "../ingest/packed-records.ts";
import type { ScannedUnit, ScanUnit } from "./scan-unit.ts";

/** An entry whose meta is known; null: it is not in the backup after all. */
export interface FinishedEntry {
  /** Canonical. */
  meta: Buffer;
  /** Entries at and below it. */
  entries: number;
  bytes: number;
}

/** Known to the main thread from its parent's scan until its meta is in its parent. */
export interface DirectoryState {
  unit: ScanUnit;
  /** Who gets the finished meta. */
  finished: (entry: FinishedEntry | null) => void;
  previous: Buffer | undefined;
  /** Its scan is under way, or done. */
  begun: boolean;
  scanned: ScannedUnit | undefined;
  /** Directories in it, until their turn in the walk. */
  children: DirectoryState[];
  /** Pending entries that are finished, by index. */
  late: Map<number, FinishedEntry | null>;
  waiting: number;
}

/** A directory that waits to be scanned. */
export function newDirectory(
  unit: ScanUnit,
  previous: Buffer | undefined,
  finished: DirectoryState["finished"],
): DirectoryState {
  return {
    unit,
    previous,
    finished,
    begun: false,
    scanned: undefined,
    children: [],
    late: new Map(),
    waiting: 0,
  };
}

/** Puts the parts of a directory together, as if it had been scanned in one go. */
export function mergeParts(whole: ScannedUnit, parts: readonly ScannedUnit[]): ScannedUnit {
  const lists = parts.map(({ entries }) => entries!);
  const counts = { ...whole.counts };
  for (const part of parts)
    for (const key of Object.keys(counts) as (keyof typeof counts)[]) counts[key] += part.counts[key];
  let index = 0;
  let bytes = 0;
  const ends: number[] = [];
  const pending = lists.flatMap((list) => {
    const shifted = list.pending.map((entry) => ({ ...entry, index: entry.index + index }));
    for (const end of list.ends) ends.push(end + bytes);
    index += list.names.length;
    bytes += list.metas.length;
    return shifted;
  });
  const join = (all: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(all));
  return {
    ...(whole.self ? { self: whole.self } : {}),
    entries: {
      names: lists.flatMap(({ names }) => names),
      metas: join(lists.map(({ metas }) => metas)),
      ends: Uint32Array.from(ends),
      sizes: Float64Array.from(lists.flatMap(({ sizes }) => [...sizes])),
      pending,
    },
    cache: join(parts.map(({ cache }) => cache)),
    problems: [whole, ...parts].flatMap(({ problems }) => problems),
    counts,
    wouldRead: parts.flatMap(({ wouldRead }) => wouldRead ?? []),
    ...(whole.ignore ? { ignore: whole.ignore } : {}),
  };
}

/** Makes the nodes of a directory all of whose entries are finished. */
export function buildDirectory(state: DirectoryState, hash: HashAlgorithm, emit: EmitNode): FinishedEntry {
  const { names, metas, ends, sizes } = state.scanned!.entries!;
  const packed = bufferOf(metas);
  const builder = new DirectoryBuilder(hash, emit);
  names.forEach((name, i) => {
    const late = state.late.get(i);
    if (late === null) return;
    const meta = late?.meta ?? packed.subarray(i === 0 ? 0 : ends[i - 1]!, ends[i]!);
    builder.add(meta, Buffer.from(name, "latin1"), late?.entries ?? 1, late?.bytes ?? sizes[i]!);
  });
  const { directory, entries, bytes } = builder.finish();
  const self = decodeMeta(bufferOf(state.scanned!.self!));
  const meta = encodeMeta({ ...self, size: bytes, entries, ...(directory ? { directory } : {}) });
  return { meta, entries: entries + 1, bytes };
}

/** A finished entry that is no directory. */
export function entryOf(meta: Buffer): FinishedEntry {
  return { meta, entries: 1, bytes: decodeMeta(meta).size };
}
