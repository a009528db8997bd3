/** The report, as Markdown. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import type { Series } from "./series.ts";
import { median } from "./statistics.ts";
import { typical, type Verdict } from "./targets.ts";
import { WIRE_SETTINGS, type WireResult } from "./wire.ts";

const MB = 1e6;

/** The machine and the programs that were measured. */
export function describeRun(versions: readonly string[], directory: string): string {
  const disk = execFileSync("df", ["--output=fstype,source", directory], { encoding: "utf8" })
    .trim()
    .split("\n")
    .at(-1);
  return [
    "# Measurements",
    "",
    `${new Date().toISOString().slice(0, 10)}, Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model}, ` +
      `${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory, ${disk}. Medians with least and most; tools take turns, each time ` +
      "with a new repository; synchronous writes as each tool does by default. Wall and CPU time: bash's time. Memory: the " +
      "largest sum of the peak resident sizes of the processes alive at a time, sampled every 20 ms.",
    "",
    ...versions.map((version) => `- ${version}`),
    "",
  ].join("\n");
}

/** What was aimed at, and what came out. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(
    ({ work, measured, target, held }) =>
      `| ${work} | ${measured} | ${target} | ${held ? "yes" : "**no**"} |`,
  );
  return ["| work | measured | target | held |", "|---|---|---|---|", ...rows, ""].join("\n");
}

/** All figures of a workload of files. */
export function seriesTable(workload: string, content: number, series: readonly Series[]): string {
  const tools = [...new Set(series.map((one) => one.tool))];
  const rows = tools.flatMap((tool) =>
    (["first", "second", "restore"] as const).map((step) => {
      const walls = series.filter((one) => one.tool === tool).map((one) => one[step].wall);
      const bytes = series
        .filter((one) => one.tool === tool)
        .map((one) => (step === "second" ? one.bytes.second - one.bytes.first : one.bytes.first));
      return [
        tool,
        step,
        `${median(walls).toFixed(2)} (${Math.min(...walls).toFixed(2)} .. ${Math.max(...walls).toFixed(2)})`,
        typical(series, tool, step, "cpu").toFixed(2),
        (typical(series, tool, step, "memory") / MB).toFixed(0),
        step === "restore" ? "" : (median(bytes) / MB).toFixed(2),
      ].join(" | ");
    }),
  );
  return [
    `## ${workload}: ${(content / MB).toFixed(0)} MB`,
    "",
    "| tool | step | wall s | CPU s | memory MB | repository grows by MB |",
    "|---|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}

/** Requests a second over the wire. */
export function wireTable(results: readonly WireResult[]): string {
  const rows = (["SET", "GET", "HGETALL"] as const).map((command) => {
    const of = (server: "datadb" | "redis"): string =>
      median(results.map((one) => one[server][command])).toFixed(0);
    return `| ${command} | ${of("datadb")} | ${of("redis")} |`;
  });
  return [
    `## wire`,
    "",
    WIRE_SETTINGS,
    "",
    "| command | datadb /s | redis-server /s |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
