/** A month of daily backups of table dumps: what each day adds, what all of it takes, how long the newest day takes to restore. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { directoryBytes } from "./directory-bytes.ts";
import { type Measurement, measure } from "./measure.ts";
import { monthInPostgres } from "./month-in-postgres.ts";
import { restoresInTurn } from "./restores-in-turn.ts";
import { settled } from "./settled.ts";
import { median } from "./statistics.ts";
import type { Verdict } from "./targets.ts";
import type { Repository, Tool } from "./tools/tool.ts";
import { tableHistory } from "./workload/table-dumps.ts";

/** One tool's month. */
export interface Month {
  tool: string;
  /** The backups, that of the first day first. */
  backups: Measurement[];
  /** Bytes of the repository after each. */
  bytes: number[];
  /** Of the last day, in turn with those of the others. Not of a database: others measure that. */
  restores?: Measurement[];
  /** datadb only: restores of the same day from a store that holds nothing else, and so no deltas. */
  alone?: Measurement[];
}

/** What one tool has done so far. */
export interface Run {
  name: string;
  path: string;
  repository: Repository;
  backups: Measurement[];
  bytes: number[];
  /** Gets the day's dumps before the backup. */
  prepare?(dumps: string): void;
}

const MB = 1e6;

/**
 * Every tool backs up the same days, in turns; datadb also from PostgreSQL where that is installed. The dumps are written anew each
 * day; `work` must not exist.
 */
export async function runMonth(
  tools: readonly Tool[],
  work: string,
  scale: number,
  days: number,
): Promise<Month[]> {
  const source = join(work, "source");
  mkdirSync(work, { recursive: true });
  const own = tools.find(({ name }) => name === "datadb");
  const database = own && (await monthInPostgres(join(work, "postgres")));
  const runs = tools.map((tool): Run => {
    const path = join(work, tool.name);
    return { name: tool.name, path, repository: tool.repository(path), backups: [], bytes: [] };
  });
  try {
    await runDays(database ? [...runs, database.run] : runs, source, scale, days);
  } finally {
    await database?.close();
  }
  const alone = own && (await storedAlone(own, source, join(work, "alone")));
  const times = await restoresInTurn(
    [...runs.map(({ repository }) => repository), ...(alone ? [alone] : [])],
    source,
    join(work, "restored"),
  );
  const months = runs.map(({ name, backups, bytes }, at): Month => {
    return {
      tool: name,
      backups,
      bytes,
      restores: times[at] ?? [],
      ...(name === own?.name && { alone: times.at(-1) ?? [] }),
    };
  });
  if (database) months.push({ ...database.run, tool: database.run.name });
  return months;
}

async function runDays(runs: readonly Run[], source: string, scale: number, days: number): Promise<void> {
  for (const { repository } of runs) await measure(repository.init);
  const history = tableHistory(scale);
  for (;;) {
    rmSync(source, { recursive: true, force: true });
    history.write(source);
    for (const run of runs) {
      run.prepare?.(source);
      run.backups.push(await settled(run.repository.backup(source)));
      run.bytes.push(directoryBytes(run.path));
    }
    const took = runs.map(({ name, backups, bytes }) => {
      const grown = (bytes.at(-1) ?? 0) - (bytes.at(-2) ?? 0);
      return `${name} ${backups.at(-1)?.wall.toFixed(2)} s, ${(grown / MB).toFixed(3)} MB`;
    });
    console.log(`month: day ${history.day} of ${days}: ${took.join("; ")}`);
    if (history.day >= days) return;
    history.nextDay();
  }
}

async function storedAlone(tool: Tool, source: string, path: string): Promise<Repository> {
  const repository = tool.repository(path);
  await measure(repository.init);
  await measure(repository.backup(source));
  return repository;
}

const wallOf = (measurements: readonly Measurement[] | undefined): number =>
  measurements ? median(measurements.map(({ wall }) => wall)) : Number.NaN;

const growths = ({ bytes }: Month): number[] =>
  bytes.slice(1).map((after, day) => after - (bytes[day] as number));

/** datadb against restic; nothing when one of them did not run. */
export function judgeMonth(months: readonly Month[]): Verdict[] {
  const [own, other] = ["datadb", "restic"].map((name) => months.find(({ tool }) => tool === name));
  if (own === undefined || other === undefined) return [];
  const growth = median(growths(other)) / median(growths(own));
  const total = (other.bytes.at(-1) as number) / (own.bytes.at(-1) as number);
  const verdict = (work: string, measured: string, target: string, held: boolean): Verdict => {
    return { work: `month: ${work}`, measured, target, held };
  };
  const times = (ratio: number, than: string): string => `${ratio.toFixed(2)} x ${than}`;
  const restore = wallOf(own.restores) / wallOf(other.restores);
  const first = (own.backups[0]?.wall ?? 0) / (other.backups[0]?.wall ?? 1);
  const slower = wallOf(own.restores) / wallOf(own.alone);
  const database = months.find(({ tool }) => tool === "datadb postgres");
  const rows = database && median(growths(other)) / median(growths(database));
  return [
    ...(rows === undefined
      ? []
      : [
          verdict(
            "growth a day, postgres://",
            `1/${rows.toFixed(1)} of restic's`,
            "at most 1/40",
            rows >= 40,
          ),
        ]),
    verdict("growth a day", `1/${growth.toFixed(1)} of restic's`, "at most 1/30 of restic's", growth >= 30),
    verdict("all backups", `1/${total.toFixed(1)} of restic's`, "at most 1/8 of restic's", total >= 8),
    verdict("first backup", times(first, "restic"), "at most 0.5 of restic's time", first <= 0.5),
    verdict("restore of the last day", times(restore, "restic"), "not slower than restic", restore <= 1),
    verdict(
      "restore with deltas",
      times(slower, "without"),
      "at most twice as slow as without deltas",
      slower <= 2,
    ),
  ];
}

/** All figures of a month. */
export function monthTable(months: readonly Month[], content: number): string {
  const seconds = (walls: number[]): string =>
    `${median(walls).toFixed(2)} (${Math.min(...walls).toFixed(2)} .. ${Math.max(...walls).toFixed(2)})`;
  const size = (bytes: number): string => (bytes / MB).toFixed(2);
  const rows = months.map((month) => {
    const { tool, backups, bytes, restores, alone } = month;
    const days = growths(month);
    return [
      tool,
      size(bytes[0] as number),
      `${size(median(days))} (${size(Math.min(...days))} .. ${size(Math.max(...days))})`,
      size(bytes.at(-1) as number),
      backups[0]?.wall.toFixed(2),
      seconds(backups.slice(1).map(({ wall }) => wall)),
      (Math.max(...backups.map(({ memory }) => memory)) / MB).toFixed(0),
      (restores ? wallOf(restores).toFixed(2) : "") +
        (alone ? ` (${wallOf(alone).toFixed(2)} without deltas)` : ""),
    ].join(" | ");
  });
  return [
    `## month: ${months[0]?.bytes.length} days, the last one ${(content / MB).toFixed(0)} MB`,
    "",
    "| tool | first day MB | growth a day MB | all days MB | first backup s | next backups s | memory MB | restore s |",
    "|---|---|---|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}
