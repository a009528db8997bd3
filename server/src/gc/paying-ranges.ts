/** Which parts of distant packs are worth a request: a request and what it brings, against what that wins. */

/** A record that has to be asked for. */
export interface FarRecord {
  readonly pack: string;
  readonly offset: number;
  /** Bytes of the record. */
  readonly size: number;
  /** Bytes that can be given back when it is read. */
  readonly won: number;
}

/** What one request brings: `from` included, `to` excluded. */
export interface FarRange<R extends FarRecord> {
  readonly pack: string;
  readonly from: number;
  readonly to: number;
  readonly records: readonly R[];
}

/** A request takes about as long as so many bytes. */
const REQUEST_BYTES: number = 256 * 1024;
/** Longer ranges are several: it bounds what has to be in memory. */
const RANGE_BYTES: number = 16 * 1024 * 1024;

/** The best that can be won with the records so far, when the last one is read and when it is not; and whether reading goes on from the one before. */
interface Step {
  readonly read: number;
  readonly left: number;
  readonly goesOn: boolean;
}

/** The runs of a pack's records, in order of offsets, that win most together. */
function bestRuns<R extends FarRecord>(records: readonly R[], part: number): R[][] {
  const steps: Step[] = [];
  let before: Step = { read: Number.NEGATIVE_INFINITY, left: 0, goesOn: false };
  let end = 0;
  for (const { offset, size, won } of records) {
    const best = Math.max(before.left, before.read);
    const gap = Math.max(0, offset - end);
    const begin = best - part * REQUEST_BYTES;
    const on = before.read - part * gap;
    const fresh = Math.max(0, offset + size - Math.max(end, offset));
    end = Math.max(end, offset + size);
    before = { read: Math.max(begin, on) + won - part * fresh, left: best, goesOn: on >= begin };
    steps.push(before);
  }
  const runs: R[][] = [];
  let reading = before.read > before.left;
  let run: R[] = [];
  for (let at = records.length - 1; at >= 0; at--) {
    const { goesOn } = steps[at]!;
    if (reading) run.push(records[at]!);
    if (reading && !goesOn) {
      runs.push(run.reverse());
      run = [];
    }
    const previous = steps[at - 1];
    if (!(reading && goesOn)) reading = previous !== undefined && previous.read > previous.left;
  }
  return runs.reverse();
}

function rangesOf<R extends FarRecord>(run: readonly R[]): FarRange<R>[] {
  const ranges: { pack: string; from: number; to: number; records: R[] }[] = [];
  for (const record of run) {
    const { pack, offset, size } = record;
    const last = ranges.at(-1);
    if (last !== undefined && offset + size - last.from <= RANGE_BYTES) {
      last.to = Math.max(last.to, offset + size);
      last.records.push(record);
    } else ranges.push({ pack, from: offset, to: offset + size, records: [record] });
  }
  return ranges;
}

/**
 * The ranges of packs that win more than they cost, by pack and offset: of what a range brings, gaps between its records included, `part` counts, and a
 * request as much as 256 KiB of that. Several records may lie in the same place: all that need it win by it.
 */
export function payingRanges<R extends FarRecord>(records: readonly R[], part: number): FarRange<R>[] {
  const packs = new Map<string, R[]>();
  for (const record of records) {
    const others = packs.get(record.pack);
    if (others === undefined) packs.set(record.pack, [record]);
    else others.push(record);
  }
  return [...packs.values()].flatMap((all) =>
    bestRuns(
      all.sort((a, b) => a.offset - b.offset),
      part,
    ).flatMap(rangesOf),
  );
}
