/** What sealing costs: the same command on the same data with and without `encrypt`, in turn. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { directoryBytes } from "./directory-bytes.ts";
import { runSeries, type Series } from "./series.ts";
import { median } from "./statistics.ts";
import { typical, type Verdict } from "./targets.ts";
import { datadb } from "./tools/datadb.ts";
import { ENCRYPTED, encryptedDatadb } from "./tools/encrypted-datadb.ts";
import { cachedWorkload, type WorkloadName } from "./workload/cached-workload.ts";

/** The part of the throughput without sealing that is left with it, at least. */
const LEAST_THROUGHPUT = 0.85;
const STEPS = ["first", "second", "restore"] as const;
const MB = 1e6;

/** What was measured on one workload. */
export interface EncryptRuns {
  readonly workload: WorkloadName;
  /** Bytes of the workload. */
  readonly content: number;
  readonly series: readonly Series[];
}

/** Every workload so often, each time with and without; whoever goes first changes. */
export async function benchEncrypt(
  directory: string,
  repetitions: number,
  scale: number,
): Promise<EncryptRuns[]> {
  const tools = [datadb(), encryptedDatadb()];
  const all: EncryptRuns[] = [];
  for (const workload of ["dumps", "files"] as const) {
    const days = cachedWorkload(workload, directory, scale);
    execFileSync("sh", ["-c", 'find "$@" -type f -exec cat {} + > /dev/null', "sh", days.first, days.second]);
    const series: Series[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const tool of repetition % 2 === 0 ? tools : tools.toReversed()) {
        const place = `encrypt-${workload}-${repetition}-${tool.name.replace(" ", "-")}`;
        const one = await runSeries(tool, days, join(directory, "work", place));
        series.push(one);
        const took = STEPS.map((step) => `${one[step].wall.toFixed(2)} (${one[step].cpu.toFixed(2)})`).join(
          ", ",
        );
        console.log(
          `encrypt ${workload} ${repetition + 1}/${repetitions} ${tool.name}: ${took} s wall (CPU)`,
        );
      }
    }
    all.push({ workload, content: directoryBytes(days.first), series });
  }
  return all;
}

/** Of each pair that ran one after the other, and of them the median: a machine that slows down slows both. */
function throughput(series: readonly Series[], step: (typeof STEPS)[number], figure: "wall" | "cpu"): number {
  const of = (tool: string): number[] =>
    series.filter((one) => one.tool === tool).map((one) => one[step][figure]);
  const [plain, sealed] = [of("datadb"), of(ENCRYPTED)];
  return median(plain.map((seconds, at) => seconds / (sealed[at] ?? Number.NaN)));
}

export function encryptTable(runs: readonly EncryptRuns[]): string {
  const rows = runs.flatMap(({ workload, content, series }) =>
    STEPS.map((step) =>
      [
        `${workload}, ${(content / MB).toFixed(0)} MB`,
        step,
        ...["datadb", ENCRYPTED].flatMap((tool) => [
          typical(series, tool, step, "wall").toFixed(2),
          typical(series, tool, step, "cpu").toFixed(2),
        ]),
        throughput(series, step, "wall").toFixed(2),
        throughput(series, step, "cpu").toFixed(2),
      ].join(" | "),
    ),
  );
  return [
    "## Sealing",
    "",
    "| workload | step | plain, s | CPU, s | sealed, s | CPU, s | throughput | of CPU |",
    "|---|---|---|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}

export function judgeEncrypt(runs: readonly EncryptRuns[]): Verdict[] {
  return runs.flatMap(({ workload, series }) =>
    (["first", "restore"] as const).map((step) => {
      const ratio = throughput(series, step, "wall");
      return {
        work: `encrypt: ${step === "first" ? "first backup" : "restore"} of ${workload}`,
        measured: `${ratio.toFixed(2)} of the throughput without`,
        target: `at least ${LEAST_THROUGHPUT}`,
        held: ratio >= LEAST_THROUGHPUT,
      };
    }),
  );
}
