/** What a second member costs: the same command on the same data with one directory and with a mirror of two, in turn. */
import { join } from "node:path";
import { runSeries, type Series } from "./series.ts";
import { median } from "./statistics.ts";
import type { Verdict } from "./targets.ts";
import { datadb } from "./tools/datadb.ts";
import { MIRRORED, mirroredDatadb } from "./tools/mirrored-datadb.ts";
import { cachedWorkload } from "./workload/cached-workload.ts";

/** The part of the slower member's throughput that a mirror has, at least. Here both are on one disk. */
const LEAST_THROUGHPUT = 0.85;
const STEPS = ["first", "second", "restore"] as const;

/** So often, each time with and without; whoever goes first changes. */
export async function benchMirror(directory: string, repetitions: number, scale: number): Promise<Series[]> {
  const tools = [datadb(), mirroredDatadb()];
  const days = cachedWorkload("dumps", directory, scale);
  const series: Series[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const tool of repetition % 2 === 0 ? tools : tools.toReversed()) {
      const place = `mirror-${repetition}-${tool.name.replace(" ", "-")}`;
      const one = await runSeries(tool, days, join(directory, "work", place));
      series.push(one);
      const took = STEPS.map((step) => `${one[step].wall.toFixed(2)} (${one[step].cpu.toFixed(2)})`);
      console.log(`mirror ${repetition + 1}/${repetitions} ${tool.name}: ${took.join(", ")} s wall (CPU)`);
    }
  }
  return series;
}

/** The median of pairs that ran one after the other: a machine that slows down slows both. */
function throughput(series: readonly Series[], step: (typeof STEPS)[number], figure: "wall" | "cpu"): number {
  const of = (tool: string): number[] =>
    series.filter((one) => one.tool === tool).map((one) => one[step][figure]);
  const [plain, mirrored] = [of("datadb"), of(MIRRORED)];
  return median(plain.map((seconds, at) => seconds / (mirrored[at] ?? Number.NaN)));
}

export function mirrorTable(series: readonly Series[]): string {
  const rows = STEPS.map(
    (step) =>
      `| ${step} | ${throughput(series, step, "wall").toFixed(2)} | ${throughput(series, step, "cpu").toFixed(2)} |`,
  );
  const head = ["## Mirror of two directories", "", "| step | throughput | of CPU |", "|---|---|---|"];
  return [...head, ...rows, ""].join("\n");
}

export function judgeMirror(series: readonly Series[]): Verdict[] {
  return (["first", "restore"] as const).map((step) => {
    const ratio = throughput(series, step, "wall");
    return {
      work: `mirror: ${step === "first" ? "first backup" : "restore"} of dumps`,
      measured: `${ratio.toFixed(2)} of the throughput of one directory`,
      target: `at least ${LEAST_THROUGHPUT}`,
      held: ratio >= LEAST_THROUGHPUT,
    };
  });
}
