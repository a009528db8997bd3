/** Reads several small tables with one message: a thread that asks for one after another is woken for each, and so is the server. */
import { DatabaseBusyError } from "@datadb/protocol";
import type pg from "pg";
import type { SlabPacker } from "../../../ingest/slab-packer.ts";
import type { Session } from "../../connect/session.ts";
import { type CopyOutOptions, copyOut } from "./copy-out.ts";
import type { RowScanner } from "./row-scanner.ts";
import type { RowsEvents, RowsOutcome, RowsUnit } from "./rows-unit.ts";
import { beginUnit, joined, reasonOf, type UnitReading } from "./unit-reading.ts";

/**
 * Up to the first that fails. Never throws. With a scanner, rows come as they lie where they can be sorted here; those that are too many for
 * that come once more with a second message, which also ends the transaction.
 */
export async function readSeveral(
  packer: SlabPacker,
  session: () => Promise<Session>,
  units: readonly RowsUnit[],
  events: RowsEvents,
  scanner: RowScanner | null = null,
): Promise<RowsOutcome[]> {
  const sorts = scanner !== null && units.some(({ copyUnsorted }) => copyUnsorted !== null);
  const last = units.length - 1;
  /** Null: to be read again. */
  const outcomes: (RowsOutcome | null)[] = [];
  let at = 0;
  /** Of the first one also when there is no session, so that it can be told why. */
  let reading = beginUnit(packer, units[0]!, events, scanner);
  const begin = (unit: number, again: boolean): UnitReading["cutter"] => {
    at = unit;
    const unsorted = sorts && !again && units[at]!.copyUnsorted !== null;
    reading = beginUnit(packer, units[at]!, events, scanner, unsorted);
    return reading.cutter;
  };
  const copy = async (client: pg.Client, which: readonly number[], again: boolean): Promise<void> => {
    let next = 1;
    const copying: CopyOutOptions = {
      sql: commandsOf(units, which, sorts, again),
      sink: begin(which[0] ?? last, again),
      isBusy: packer.encodes,
      finished() {
        reading.finish();
        outcomes[at] = reading.cutter.isUnsorted ? null : reading.outcome(0, null);
        // The last one may fail still, with what comes after its rows.
        if (next < which.length) copying.sink = begin(which[next++]!, again);
      },
    };
    if (copying.sql !== "") await copyOut(client, copying);
  };
  let opened: Session | undefined;
  try {
    opened = await session();
    await copy(opened.client, [...units.keys()], false);
    if (sorts)
      await copy(
        opened.client,
        [...units.keys()].filter((unit) => outcomes[unit] === null),
        true,
      );
    return outcomes.map((outcome) => outcome!);
  } catch (cause) {
    const before = outcomes.slice(0, at);
    const unread = before.indexOf(null);
    if (unread < 0) return [...(before as RowsOutcome[]), reading.outcome(0, reasonOf(cause, opened))];
    // Its lock went with the transaction: whoever has the other one reads it.
    const busy = new DatabaseBusyError(`${units[unread]!.path} is to be read again, and its lock is lost`);
    begin(unread, true);
    return [...(before.slice(0, unread) as RowsOutcome[]), reading.outcome(0, busy)];
  }
}

function commandsOf(
  units: readonly RowsUnit[],
  which: readonly number[],
  sorts: boolean,
  again: boolean,
): string {
  const end = units.at(-1)!.after;
  if (again) return joined([...which.map((unit) => units[unit]!.copy), end]);
  const reads = units.flatMap((unit, i) => [
    unit.before,
    (sorts ? unit.copyUnsorted : null) ?? unit.copy,
    i < units.length - 1 ? unit.after : "",
  ]);
  return joined([...reads, ...(sorts ? [] : [end])]);
}
