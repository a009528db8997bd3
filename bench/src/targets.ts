/** The budget: what each figure is compared with, as ratios on one machine in one run. */
import type { Measurement } from "./measure.ts";
import type { Series } from "./series.ts";
import { median } from "./statistics.ts";
import type { WireResult } from "./wire.ts";

export interface Verdict {
  work: string;
  measured: string;
  target: string;
  held: boolean;
}

const MB = 1e6;
const METADATA_PER_CHUNK_BYTES = 160;
const METADATA_FIXED_BYTES = 64 * 1024;
const DUMPS_MEMORY_BYTES = 400 * MB;

type Step = "first" | "second" | "restore";

/** The median of one figure over the repetitions of a tool. */
export function typical(
  series: readonly Series[],
  tool: string,
  step: Step,
  figure: keyof Measurement,
): number {
  return median(series.filter((one) => one.tool === tool).map((one) => Number(one[step][figure])));
}

/** Verdicts on a workload of files against restic. `dumps` has targets of its own. */
export function judgeSeries(workload: string, series: readonly Series[]): Verdict[] {
  const against = (step: Step, name: string, most: number): Verdict => {
    const ratio = typical(series, "datadb", step, "wall") / typical(series, "restic", step, "wall");
    const target = most === 1 ? "not slower than restic" : `at most ${most} of restic's time`;
    return {
      work: `${workload}: ${name}`,
      measured: `${ratio.toFixed(2)} x restic`,
      target,
      held: ratio <= most,
    };
  };
  if (workload === "files") {
    return [
      against("first", "first backup", 0.5),
      against("second", "unchanged backup", 0.5),
      against("restore", "restore", 0.5),
      metadata(workload, series, "first"),
    ];
  }
  const memory = typical(series, "datadb", "first", "memory");
  return [
    against("first", "first backup", 0.5),
    {
      work: `${workload}: memory of the first backup`,
      measured: `${(memory / MB).toFixed(0)} MB`,
      target: `at most ${DUMPS_MEMORY_BYTES / MB} MB`,
      held: memory <= DUMPS_MEMORY_BYTES,
    },
    against("restore", "restore of the newest day", 1),
    growth(workload, series),
    metadata(workload, series, "first"),
    metadata(workload, series, "second"),
  ];
}

function growth(workload: string, series: readonly Series[]): Verdict {
  const of = (tool: string): number =>
    median(series.filter((one) => one.tool === tool).map((one) => one.bytes.second - one.bytes.first));
  const ratio = of("restic") / of("datadb");
  return {
    work: `${workload}: growth of the next day`,
    measured: `1/${ratio.toFixed(1)} of restic's`,
    target: "at most 1/30 of restic's (with deltas)",
    held: ratio >= 30,
  };
}

function metadata(workload: string, series: readonly Series[], step: "first" | "second"): Verdict {
  const all = series.flatMap((one) => one.metadata ?? []);
  const before = { bytes: 0, chunks: 0 };
  const changes = all.map((one) => ({
    bytes: one[step].bytes - (step === "first" ? before : one.first).bytes,
    chunks: one[step].chunks - (step === "first" ? before : one.first).chunks,
  }));
  const bytes = median(changes.map((change) => change.bytes));
  const chunks = median(changes.map((change) => change.chunks));
  return {
    work: `${workload}: metadata of the ${step} backup`,
    measured: `${bytes} bytes for ${chunks} changed chunks (${(bytes / chunks).toFixed(0)} each)`,
    target: `at most ${METADATA_PER_CHUNK_BYTES} bytes a changed chunk, plus 64 KiB`,
    held: bytes <= METADATA_PER_CHUNK_BYTES * chunks + METADATA_FIXED_BYTES,
  };
}

/** Verdicts on the wire against redis-server. */
export function judgeWire(results: readonly WireResult[]): Verdict[] {
  return (["GET", "HGETALL", "SET"] as const).map((command) => {
    const ratio =
      median(results.map((result) => result.datadb[command])) /
      median(results.map((result) => result.redis[command]));
    return {
      work: `wire: ${command}`,
      measured: `${ratio.toFixed(2)} of redis-server`,
      target: "at least 0.20 of redis-server",
      held: ratio >= 0.2,
    };
  });
}
