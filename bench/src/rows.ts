/** What changes of single rows cost: payload and metadata that a second backup of one table adds, for each way to change. */
import { cpSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { measure } from "./measure.ts";
import { restoresInTurn } from "./restores-in-turn.ts";
import { type RowsIn, rowsInFile, rowsInPostgres } from "./rows-in.ts";
import { median } from "./statistics.ts";
import type { Verdict } from "./targets.ts";
import { datadb, storeFigures } from "./tools/datadb.ts";
import type { Tool } from "./tools/tool.ts";
import { rowChanges, writeRows } from "./workload/row-changes.ts";

/** What one change added to a store with the table as it was. */
interface RowCost {
  name: string;
  /** Bytes that are allowed for the payload at this scale. */
  most: number;
  payload: number;
  metadata: number;
  chunks: number;
  /** Seconds to restore the state after the change, in turns with the other tool; of a file only. */
  restore?: { datadb: number; other: number };
}

/** Of the prototype's payload. */
const MOST = 1.5;
/** A backup without any change still has a root of its own, and what it is named by. */
const NOTHING_BYTES: number = 16 << 10;

/** All changes to one table. */
export interface RowCosts {
  name: RowsIn["name"];
  /** Bytes of the table's dump, and of its payload in the store. */
  content: number;
  first: number;
  costs: RowCost[];
}

/**
 * The changes to a table in a file, and in PostgreSQL where that is installed; restores of the file beside the other tool's.
 * `work` must not exist.
 */
export async function runRows(work: string, scale: number, other: Tool | undefined): Promise<RowCosts[]> {
  const results = [await costsIn(rowsInFile(join(work, "file")), join(work, "file"), scale, other)];
  const postgres = await rowsInPostgres(join(work, "postgres"));
  if (postgres === null) return results;
  try {
    return [...results, await costsIn(postgres, join(work, "postgres"), scale)];
  } finally {
    await postgres.close();
  }
}

/** Every change is made to the same table, and backed up into a copy of the store that has it. */
async function costsIn(table: RowsIn, work: string, scale: number, other?: Tool): Promise<RowCosts> {
  const { rows, changes } = rowChanges(scale);
  writeRows(table.dump, rows);
  table.load(false);
  const content = statSync(table.dump).size;
  const base = join(work, "base", "store");
  mkdirSync(join(work, "base"));
  const tool = datadb();
  const backUp = async (store: string, by: Tool = tool): Promise<void> => {
    const command = by.repository(store).backup(table.source);
    await measure({ ...command, env: { ...command.env, ...table.env } });
  };
  await measure(tool.repository(base).init);
  await backUp(base);
  if (other) {
    await measure(other.repository(join(work, "base", "other")).init);
    await backUp(join(work, "base", "other"), other);
  }
  const before = storeFigures(base);
  const costs: RowCost[] = [];
  for (const [number, change] of changes.entries()) {
    const copy = join(work, `change-${number}`);
    cpSync(join(work, "base"), copy, { recursive: true });
    const store = join(copy, "store");
    writeRows(table.dump, rows, change);
    table.load(change.reference === 0);
    await backUp(store);
    if (other) await backUp(join(copy, "other"), other);
    const after = storeFigures(store);
    costs.push({
      name: change.name,
      most: change.reference === 0 ? NOTHING_BYTES : change.reference * scale * MOST,
      payload: after.dataStoredBytes - before.dataStoredBytes,
      metadata: after.nodeStoredBytes - before.nodeStoredBytes,
      chunks: after.dataRecords - before.dataRecords,
      ...(other && { restore: await restoresOf(table, copy, tool, other) }),
    });
    rmSync(copy, { recursive: true });
    console.log(`rows in ${table.name}: ${change.name}: ${costs.at(-1)?.payload} bytes`);
  }
  return { name: table.name, content, first: before.dataStoredBytes, costs };
}

async function restoresOf(
  { source }: RowsIn,
  work: string,
  tool: Tool,
  other: Tool,
): Promise<{ datadb: number; other: number }> {
  const repositories = [tool.repository(join(work, "store")), other.repository(join(work, "other"))];
  const times = await restoresInTurn(repositories, source, join(work, "restored"));
  const [datadb = Number.NaN, others = Number.NaN] = times.map((one) => median(one.map(({ wall }) => wall)));
  return { datadb, other: others };
}

/** Each change against the prototype's figure, and its restore against the other tool's. */
export function judgeRows({ name: place, costs }: RowCosts): Verdict[] {
  return costs.flatMap(({ name, most, payload, restore }) => {
    const work = `rows in ${place}: ${name}`;
    const size: Verdict = {
      work,
      measured: `${payload} bytes of payload`,
      target: `at most ${Math.round(most)} bytes`,
      held: payload <= most,
    };
    if (restore === undefined) return [size];
    const ratio = restore.datadb / restore.other;
    return [
      size,
      {
        work: `${work}, restored`,
        measured: `${ratio.toFixed(2)} x restic`,
        target: "not slower than restic",
        held: ratio <= 1,
      },
    ];
  });
}

/** All figures. */
export function rowsTable({ name: place, content, first, costs }: RowCosts): string {
  const rows = costs.map(({ name, most, payload, metadata, chunks, restore }) => {
    const seconds = restore ? `${restore.datadb.toFixed(2)} (restic ${restore.other.toFixed(2)})` : "";
    return [name, chunks, payload, Math.round(most), metadata, seconds].join(" | ");
  });
  return [
    `## rows in ${place}: ${(content / 1e6).toFixed(0)} MB in key order, ${(first / 1e6).toFixed(1)} MB stored`,
    "",
    "| change | new chunks | payload | at most | metadata | restore s |",
    "|---|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}
