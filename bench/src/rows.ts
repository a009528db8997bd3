/** What changes of single rows cost: payload and metadata that a second backup of one table adds, for each way to change. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { directoryBytes } from "./directory-bytes.ts";
import { measure } from "./measure.ts";
import type { Verdict } from "./targets.ts";
import { datadb, storeFigures } from "./tools/datadb.ts";
import { rowChanges, writeRows } from "./workload/row-changes.ts";

/** What one change added to a store with the table as it was. */
export interface RowCost {
  name: string;
  /** Bytes that are allowed for the payload at this scale. */
  most: number;
  payload: number;
  metadata: number;
  chunks: number;
}

/** Of the prototype's payload. */
const MOST = 1.5;
/** A backup without any change still has a root of its own, and what it is named by. */
const NOTHING_BYTES: number = 16 << 10;

/** Every change is made to the same table, and backed up into a copy of the store that has it. `work` must not exist. */
export async function runRows(
  work: string,
  scale: number,
): Promise<{ content: number; first: number; costs: RowCost[] }> {
  const source = join(work, "source");
  mkdirSync(source, { recursive: true });
  const file = join(source, "table.copy");
  const { rows, changes } = rowChanges(scale);
  writeRows(file, rows);
  const content = directoryBytes(source);
  const base = join(work, "base", "store");
  mkdirSync(join(work, "base"));
  const tool = datadb();
  await measure(tool.repository(base).init);
  await measure(tool.repository(base).backup(source));
  const before = storeFigures(base);
  const costs: RowCost[] = [];
  for (const [number, change] of changes.entries()) {
    const copy = join(work, `change-${number}`);
    cpSync(join(work, "base"), copy, { recursive: true });
    const store = join(copy, "store");
    writeRows(file, rows, change);
    await measure(tool.repository(store).backup(source));
    const after = storeFigures(store);
    costs.push({
      name: change.name,
      most: change.reference === 0 ? NOTHING_BYTES : change.reference * scale * MOST,
      payload: after.dataStoredBytes - before.dataStoredBytes,
      metadata: after.nodeStoredBytes - before.nodeStoredBytes,
      chunks: after.dataRecords - before.dataRecords,
    });
    rmSync(copy, { recursive: true });
    console.log(`rows: ${change.name}: ${costs.at(-1)?.payload} bytes`);
  }
  return { content, first: before.dataStoredBytes, costs };
}

/** Each change against the prototype's figure. */
export function judgeRows(costs: readonly RowCost[]): Verdict[] {
  return costs.map(({ name, most, payload }) => ({
    work: `rows: ${name}`,
    measured: `${payload} bytes of payload`,
    target: `at most ${Math.round(most)} bytes`,
    held: payload <= most,
  }));
}

/** All figures. */
export function rowsTable({ content, first, costs }: Awaited<ReturnType<typeof runRows>>): string {
  const rows = costs.map(({ name, most, payload, metadata, chunks }) =>
    [name, chunks, payload, Math.round(most), metadata].join(" | "),
  );
  return [
    `## rows: ${(content / 1e6).toFixed(0)} MB in key order, ${(first / 1e6).toFixed(1)} MB stored`,
    "",
    "| change | new chunks | payload | at most | metadata |",
    "|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}
