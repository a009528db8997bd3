/** Which children of an earlier version the children of a new one took the place of, and so resemble. */
import type { Child } from "./node-children.ts";

/** Children in a row, all nodes or all data, and what lay in their place before. */
export interface Run {
  now: Child[];
  before: Child[];
}

/** What is appended resembles the end, as far as a day appends: of more each piece would be compared in vain. */
const APPENDED_BYTES: number = 16 << 20;

/**
 * All children in runs. Entries of directories correspond by name, and each is a run of its own; other changed children correspond to what
 * lay between the same unchanged ones. Those that are unchanged have nothing before.
 */
export function alignChildren(now: readonly Child[], before: readonly Child[]): Run[] {
  const places = new Map(
    before.map(({ kind, name }, place) => [`${kind} ${name.toString("latin1")}`, place]),
  );
  const entries = new Map(before.map((child) => [`${child.kind} ${child.entry}`, child]));
  const runs: Run[] = [];
  const same: Record<Child["kind"], Run> = { data: { now: [], before: [] }, node: { now: [], before: [] } };
  let open: Run | null = null;
  /** Behind the last unchanged child, in the earlier version. */
  let from = 0;
  const close = (to: number): void => {
    const kind = open?.now[0]?.kind;
    if (open !== null)
      open.before = before.slice(from, Math.max(from, to)).filter((old) => old.kind === kind);
    open = null;
  };
  for (const child of now) {
    const place = places.get(`${child.kind} ${child.name.toString("latin1")}`);
    if (place !== undefined) {
      same[child.kind].now.push(child);
      close(place);
      from = place + 1;
    } else if (child.entry !== undefined) {
      const counterpart = entries.get(`${child.kind} ${child.entry}`);
      runs.push({ now: [child], before: counterpart === undefined ? [] : [counterpart] });
    } else if (open === null) {
      open = { now: [child], before: [] };
      runs.push(open);
    } else (open as Run).now.push(child);
  }
  close(before.length);
  return [...runs, same.data, same.node].filter((run) => run.now.length > 0);
}

/** For each child of a run what it resembles most: what lay where its middle is. */
export function counterparts({ now, before }: Run): (Child | null)[] {
  let place = 0;
  let end = before[0]?.bytes ?? 0;
  let offset = 0;
  return now.map(({ bytes }) => {
    const middle = offset + bytes / 2;
    offset += bytes;
    while (place < before.length - 1 && end <= middle) {
      place += 1;
      end += before[place]!.bytes;
    }
    return middle > end + APPENDED_BYTES ? null : (before[place] ?? null);
  });
}

/**
 * What of a run is still wanted, in pieces of at most `count` children in a row, each with what lay in its place and the neighbours of
 * that, as a cut may have moved.
 */
export function piecesOf({ now, before }: Run, wanted: (child: Child) => boolean, count: number): Run[] {
  const pieces: (Run & { start: number; end: number })[] = [];
  let offset = 0;
  let open = false;
  for (const child of now) {
    const last = pieces.at(-1);
    const [start, end] = [offset, offset + child.bytes];
    offset = end;
    if (!wanted(child)) open = false;
    else if (open && last !== undefined && last.now.length < count) {
      last.now.push(child);
      last.end = end;
    } else {
      pieces.push({ now: [child], before: [], start, end });
      open = true;
    }
  }
  return pieces.map(({ now: some, start, end }) => ({
    now: some,
    before: (some.length === now.length ? before : within(before, start, end)).slice(0, 4 * count),
  }));
}

function within(before: readonly Child[], start: number, end: number): Child[] {
  let offset = 0;
  let first = before.length;
  let last = -1;
  for (const [place, { bytes }] of before.entries()) {
    if (offset <= end && offset + bytes >= start) {
      first = Math.min(first, place);
      last = place;
    }
    offset += bytes;
  }
  // Nothing lay there: it was appended.
  return before.slice(Math.max(0, (last < 0 ? before.length : first) - 1), last < 0 ? undefined : last + 2);
}
