/** The workload `postgres`: datadb against pg_dump, pg_restore and psql, on a server of its own. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "../targets.ts";
import { resticProgram } from "../tools/restic.ts";
import { databaseTable, judgeDatabase } from "./judge.ts";
import { type DatabaseSeries, runDatabaseSeries } from "./series.ts";
import { startServer } from "./server.ts";
import { largeTable, smallTables } from "./source.ts";
import {
  busyDatadb,
  copyAndDefinitions,
  customDump,
  datadbOf,
  directoryDump,
  JOBS,
  orderedCopy,
  resticOfDumps,
} from "./tools.ts";

export interface DatabaseOptions {
  directory: string;
  scale: number;
  repetitions: number;
  /** `datadb`, and `restic` to compare growth; the others always run. */
  tools: readonly string[];
}

export interface DatabaseReport {
  versions: string[];
  verdicts: Verdict[];
  tables: string[];
}

export async function benchPostgres(options: DatabaseOptions): Promise<DatabaseReport> {
  const report: DatabaseReport = { versions: [], verdicts: [], tables: [] };
  const home = join(options.directory, "postgres");
  const server = await startServer(home);
  if (server === null) return report;
  try {
    report.versions.push(server.version);
    const restic = options.tools.includes("restic") ? resticProgram(options.directory) : null;
    const tools = [
      orderedCopy(JOBS.first),
      orderedCopy(JOBS.later),
      copyAndDefinitions,
      customDump,
      directoryDump,
      ...(options.tools.includes("datadb") ? [datadbOf, busyDatadb] : []),
      ...(restic === null
        ? []
        : [(place: Parameters<typeof resticOfDumps>[0]) => resticOfDumps(place, restic)]),
    ];
    for (const source of [largeTable(options.directory, options.scale), smallTables(options.scale)]) {
      const template = `day1_${source.name}`;
      await source.fill(server, template);
      const content = Number(server.sql("postgres", `SELECT pg_database_size('${template}')`));
      const series: DatabaseSeries[] = [];
      for (let i = 1; i <= options.repetitions; i++) {
        const work = join(options.directory, "work", `postgres-${source.name}-${i}`);
        // Whoever comes first finds other memory than whoever comes last.
        const first = (i - 1) % tools.length;
        const turn = [...tools.slice(first), ...tools.slice(0, first)];
        series.push(...(await runDatabaseSeries(server, source, template, work, turn)));
      }
      report.tables.push(databaseTable(source.name, content, series));
      report.verdicts.push(...judgeDatabase(source.name, series));
    }
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
  return report;
}
