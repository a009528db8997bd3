/** Finds a row of a loaded table that the backup does not have, for a message. */
import { copyOut } from "../../backup/read/copy-out.ts";
import type { RowSink } from "../../backup/read/row-sink.ts";
import type { Session } from "../../connect/session.ts";

/** Long rows are cut. */
const SHOWN = 120;
/** What changed shows early or it takes too much memory to find. */
const KEPT_ROWS = 100_000;
const KEPT_BYTES = 64 << 20;

/** Reads both once more: the first rows of the table, and all of `sent` (text). To be put behind a sentence; empty when none is found. */
export async function firstDifference(
  session: Session,
  copy: string,
  sent: AsyncIterable<Buffer>,
): Promise<string> {
  const received = new Map<string, number>();
  const sink = firstRows((row, number) => received.set(row, number));
  await copyOut(session.client, { sql: copy, sink });
  /** The row of the backup in its place: what it was, where rows came in order. */
  const before = new Map<number, string>();
  let number = 0;
  for await (const row of rowsOf(sent)) {
    number++;
    if (number <= KEPT_ROWS) before.set(number, row.slice(0, SHOWN));
    received.delete(row);
  }
  const [found] = received;
  if (found === undefined) return "";
  const [row, place] = found;
  return `: row ${place} was ${before.get(place) ?? "absent"} and is ${row.slice(0, SHOWN)}`;
}

function firstRows(keep: (row: string, number: number) => void): RowSink {
  let parts: Buffer[] = [];
  let [rows, left, kept] = [0, 0, 0];
  return {
    bytes: 0,
    begin(length) {
      parts = [];
      left = length;
      rows++;
      return true;
    },
    room: async () => {},
    take: () => 0,
    end: () => true,
    write(source, from, to) {
      left -= to - from;
      if (rows > KEPT_ROWS || kept > KEPT_BYTES) return to - from;
      kept += to - from;
      parts.push(Buffer.from(source.subarray(from, to)));
      if (left === 0) keep(Buffer.concat(parts).toString("utf8").slice(0, -1), rows);
      return to - from;
    },
  };
}

async function* rowsOf(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of source) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 1);
    }
  }
}
