/** All programs on one database, step by step in turn: first backup, the same again, the next day, restores. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { directoryBytes } from "../directory-bytes.ts";
import { type Measurement, measure } from "../measure.ts";
import type { Server } from "./server.ts";
import type { Source } from "./source.ts";
import type { DatabaseTool, Place } from "./tools.ts";

export const STEPS = ["first", "unchanged", "next", "restore", "table"] as const;
export type Step = (typeof STEPS)[number];

const MANY_TABLES = 100;

export interface DatabaseSeries {
  tool: string;
  steps: Partial<Record<Step, Measurement>>;
  /** Bytes of the repository after each backup. */
  bytes: Partial<Record<Step, number>>;
}

/**
 * Runs below `work`, which must not exist. The database `template` holds the first day. Databases of many tables stay until the server is
 * removed: ext4 gives no inode anew for minutes after it was freed, and looks at all of these for each file that is made, so that whoever
 * restores after thousands of files were deleted is three times as slow.
 */
export async function runDatabaseSeries(
  server: Server,
  source: Source,
  template: string,
  work: string,
  tools: readonly ((place: Place) => DatabaseTool)[],
): Promise<DatabaseSeries[]> {
  const database = basename(work).replaceAll("-", "_");
  const drop = (name: string): void => {
    if (source.tables.length < MANY_TABLES) server.sql("postgres", `DROP DATABASE ${name} WITH (FORCE)`);
  };
  server.sql("postgres", `CREATE DATABASE ${database} TEMPLATE ${template}`);
  const runs = tools.map((make, i) => {
    const directory = join(work, String(i));
    mkdirSync(directory, { recursive: true });
    const tool = make({ server, source, database, directory });
    return { tool, series: { tool: tool.name, steps: {}, bytes: {} } as DatabaseSeries };
  });
  let day = 0;
  for (const step of ["first", "unchanged", "next"] as const) {
    if (step === "next") await source.nextDay(server, database);
    server.sql(database, "VACUUM ANALYZE; CHECKPOINT;");
    day++;
    for (const { tool, series } of runs) {
      series.steps[step] = await settled(tool.backup(day));
      series.bytes[step] = directoryBytes(tool.kept);
      say(source, step, series);
    }
  }
  const truth = contentOf(server, database, source.tables);
  const truthOfOne = contentOf(server, database, [source.one]);
  for (const [i, { tool, series }] of runs.entries()) {
    if (tool.restore === undefined || tool.restoreTable === undefined) continue;
    const [restored, one] = [`${database}_restored_${i}`, `${database}_one_${i}`];
    server.sql("postgres", "CHECKPOINT;");
    series.steps.restore = await settled(tool.restore(restored));
    same(series.tool, truth, contentOf(server, restored, source.tables));
    say(source, "restore", series);
    drop(restored);
    server.sql("postgres", `CREATE DATABASE ${one}; CHECKPOINT;`);
    series.steps.table = await settled(tool.restoreTable(one));
    same(series.tool, truthOfOne, contentOf(server, one, [source.one]));
    say(source, "table", series);
    drop(one);
  }
  drop(database);
  return runs.map(({ series }) => series);
}

/** Measures when the disk has nothing left to write from what came before. */
async function settled(command: Parameters<typeof measure>[0]): Promise<Measurement> {
  execFileSync("sync");
  return await measure(command);
}

/** Rows and the sum of their hashes, table by table. */
function contentOf(server: Server, database: string, tables: readonly string[]): string {
  const query = (table: string): string =>
    `SELECT '${table}', count(*), sum(hashtextextended(t::text, 0)::numeric) FROM ONLY "${table}" AS t;`;
  return server.sql(database, tables.map(query).join("\n"));
}

function same(tool: string, source: string, restored: string): void {
  if (source !== restored) throw new Error(`${tool} restored other rows: ${restored.slice(0, 500)}`);
}

function say(source: Source, step: Step, { tool, steps }: DatabaseSeries): void {
  console.log(`postgres ${source.name} ${step} ${tool}: ${steps[step]?.wall.toFixed(2)} s`);
}
