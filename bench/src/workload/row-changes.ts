/** One table in key order, and the ways in which tables change: a million rows of about 290 bytes at scale 1. */
import { closeSync, openSync, writeSync } from "node:fs";
import { randomOf } from "./random.ts";
import { sentence, word } from "./words.ts";

const ROWS = 1_000_000;
const BEGIN = 1_704_067_200_000;
/** Characters joined before a write. */
const WRITE_CHARACTERS = 1 << 20;

/** A row's content: which version of its three changing columns, or null when it is not there. */
type VersionOf = (id: number) => number | null;

/** What happens to the table between two dumps. */
export interface RowChange {
  name: string;
  /** Payload in bytes that a full table of a million rows may take for it, as measured with a prototype; 0: nothing at all. */
  reference: number;
  versionOf: VersionOf;
  /** Rows beyond the first ones. */
  appended: number;
}

/** Whether a row is among a share of all, chosen at random. */
const among = (id: number, share: number, salt: number): boolean => randomOf(salt, id, 5).fraction() < share;

const updated =
  (share: number): VersionOf =>
  (id) =>
    among(id, share, 11) ? 1 : 0;

/** The changes at a scale. A version of -1 counts one up and writes the same time everywhere. */
export function rowChanges(scale: number): { rows: number; changes: RowChange[] } {
  const rows = Math.round(ROWS * scale);
  const hot = rows / 100;
  const changes: RowChange[] = [
    {
      name: "0.1 % updated, a counter and the time",
      reference: 54_000,
      versionOf: (id) => -updated(0.001)(id)!,
      appended: 0,
    },
    { name: "0.1 % updated, random values", reference: 113_000, versionOf: updated(0.001), appended: 0 },
    { name: "1 % updated, random values", reference: 833_000, versionOf: updated(0.01), appended: 0 },
    { name: "5 % updated, random values", reference: 3_530_000, versionOf: updated(0.05), appended: 0 },
    {
      name: "churn: 0.1 % updated, 0.05 % deleted, 0.05 % inserted",
      reference: 108_000,
      versionOf: (id) => (among(id, 0.0005, 12) ? null : updated(0.001)(id)),
      appended: 0,
    },
    {
      name: "hot tail: 1 % of the newest updated, 1 % appended",
      reference: 990_000,
      versionOf: (id) => (id > rows - hot ? 1 : 0),
      appended: hot,
    },
    {
      name: "rewritten in another order (CLUSTER), no row changed",
      reference: 0,
      versionOf: () => 0,
      appended: 0,
    },
  ];
  return { rows, changes };
}

/** Ids are even, so that there is room between them; churn puts rows there. */
export function writeRows(path: string, rows: number, change?: RowChange): void {
  const file = openSync(path, "w");
  let text = "";
  const churn = change?.name.startsWith("churn") ?? false;
  for (let id = 1; id <= rows + (change?.appended ?? 0); id++) {
    const version = change?.versionOf(id) ?? (change ? null : 0);
    if (version !== null) text += rowOf(id * 2, version);
    if (churn && among(id, 0.0005, 13)) text += rowOf(id * 2 + 1, 0);
    if (text.length < WRITE_CHARACTERS) continue;
    writeSync(file, text);
    text = "";
  }
  writeSync(file, text);
  closeSync(file);
}

/** Tab-separated, as COPY prints it: what never changes, then balance, token and time of the last update. */
function rowOf(id: number, version: number): string {
  const r = randomOf(1, id, 0);
  const u = randomOf(2, id, Math.max(0, version));
  const balance = u.integer(1_000_000) + (version < 0 ? 1 : 0);
  const token = u.hex(12);
  const at = new Date(version < 0 ? BEGIN : BEGIN - u.integer(1e9)).toISOString();
  const settings = `{"language": "${word(r)}", "theme": "dark", "currency": "EUR", "newsletter": ${r.integer(2) === 0}}`;
  const fixed = `${r.hex(8)}\t${word(r)}.${word(r)}@example.com\t${sentence(r, 14)}\t${settings}\tactive\t\\N\t\\N`;
  return `${id}\t${fixed}\t${(balance / 100).toFixed(2)}\t${token}\t${at.slice(0, 19)}\n`;
}
