/** The budget of databases, and the table of all figures. */
import { median } from "../statistics.ts";
import type { Verdict } from "../targets.ts";
import { type DatabaseSeries, STEPS, type Step } from "./series.ts";
import { BUSY_DATADB, COPY_AND_DEFINITIONS, copyName, JOBS } from "./tools.ts";

const MB = 1e6;
const UNCHANGED_BYTES = 16 * 1024;
const GROWTH_OF_RESTIC = 1 / 40;

/** Verdicts on one source. Tools that did not run give none. */
export function judgeDatabase(source: string, series: readonly DatabaseSeries[]): Verdict[] {
  const against = (step: Step, name: string, tool: string, most: number, datadb = "datadb"): Verdict[] => {
    const ratio = wall(series, datadb, step) / wall(series, tool, step);
    if (Number.isNaN(ratio)) return [];
    const target = most === 1 ? `not slower than ${tool}` : `at most ${most} x ${tool}`;
    return [
      {
        work: `postgres ${source}: ${name}`,
        measured: `${ratio.toFixed(2)} x ${tool}`,
        target,
        held: ratio <= most,
      },
    ];
  };
  const dumps = [...new Set(series.map((one) => one.tool))].filter((tool) => tool.startsWith("pg_dump"));
  return [
    ...against("first", "first backup", copyName(JOBS.first), 1.75),
    ...against("first", "first backup", COPY_AND_DEFINITIONS, 1.75),
    ...against("first", `first backup, ${JOBS.later} connections`, copyName(JOBS.later), 1.75, BUSY_DATADB),
    ...against("unchanged", "unchanged backup", copyName(JOBS.later), 1.15),
    ...dumps.flatMap((tool) => against("first", "first backup", tool, 1)),
    ...dumps.flatMap((tool) => against("restore", "restore", tool, 1)),
    ...dumps.flatMap((tool) => against("table", "restore of one table", tool, 1)),
    ...growth(source, series),
  ];
}

function growth(source: string, series: readonly DatabaseSeries[]): Verdict[] {
  const of = (tool: string, step: Step, before: Step): number =>
    median(
      series
        .filter((one) => one.tool === tool)
        .map((one) => (one.bytes[step] ?? Number.NaN) - (one.bytes[before] ?? Number.NaN)),
    );
  const unchanged = of("datadb", "unchanged", "first");
  if (Number.isNaN(unchanged)) return [];
  const verdicts: Verdict[] = [
    {
      work: `postgres ${source}: growth by an unchanged backup`,
      measured: `${unchanged} bytes`,
      target: `less than ${UNCHANGED_BYTES} bytes`,
      held: unchanged < UNCHANGED_BYTES,
    },
  ];
  const ratio = of("datadb", "next", "unchanged") / of("restic of the rows", "next", "unchanged");
  if (!Number.isNaN(ratio))
    verdicts.push({
      work: `postgres ${source}: growth of the next day`,
      measured: `1/${(1 / ratio).toFixed(1)} of restic's`,
      target: `at most 1/${1 / GROWTH_OF_RESTIC} of restic's on the same dumps`,
      held: ratio <= GROWTH_OF_RESTIC,
    });
  return verdicts;
}

/** All figures of one source. */
export function databaseTable(source: string, content: number, series: readonly DatabaseSeries[]): string {
  const tools = [...new Set(series.map((one) => one.tool))];
  const rows = tools.flatMap((tool) =>
    STEPS.flatMap((step) => {
      const all = series.filter((one) => one.tool === tool && one.steps[step] !== undefined);
      if (all.length === 0) return [];
      const walls = all.map((one) => one.steps[step]?.wall ?? Number.NaN);
      const figure = (name: "cpu" | "memory"): number =>
        median(all.map((one) => one.steps[step]?.[name] ?? Number.NaN));
      const bytes = median(all.map((one) => one.bytes[step] ?? Number.NaN));
      return `| ${[
        tool,
        step,
        `${median(walls).toFixed(2)} (${Math.min(...walls).toFixed(2)} .. ${Math.max(...walls).toFixed(2)})`,
        figure("cpu").toFixed(2),
        (figure("memory") / MB).toFixed(0),
        Number.isNaN(bytes) ? "" : (bytes / MB).toFixed(2),
      ].join(" | ")} |`;
    }),
  );
  return [
    `## postgres ${source}: ${(content / MB).toFixed(0)} MB in the server`,
    "",
    "The server's own time is not in the CPU column.",
    "",
    "| tool | step | wall s | CPU s | memory MB | repository MB |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function wall(series: readonly DatabaseSeries[], tool: string, step: Step): number {
  return median(series.filter((one) => one.tool === tool).map((one) => one.steps[step]?.wall ?? Number.NaN));
}
