/** Workloads are made once and kept: they are the same in every run. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Days } from "../series.ts";
import { writeSmallFiles } from "./small-files.ts";
import { writeTableDumps } from "./table-dumps.ts";

/** Changes with what the generators write, so that no old workload is measured. */
const GENERATION = 3;
const FULL_FILES = 100_000;

export type WorkloadName = "dumps" | "files";

/** The workload below the cache directory, generated when it is not there yet. */
export function cachedWorkload(name: WorkloadName, cache: string, scale: number): Days {
  const directory = join(cache, `${name}-${GENERATION}-${scale}`);
  const days = name === "dumps" ? ["day1", "day2"] : ["tree", "tree"];
  // A run that was ended may have left a day under the source's name.
  const source = join(directory, "source");
  if (existsSync(source)) {
    const missing = days.find((day) => !existsSync(join(directory, day)));
    if (missing !== undefined) renameSync(source, join(directory, missing));
  }
  if (!existsSync(directory)) {
    console.error(`generating the workload ${name} in ${directory}`);
    const unfinished = `${directory}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    if (name === "dumps") writeTableDumps(unfinished, scale);
    else writeSmallFiles(join(unfinished, "tree"), Math.round(FULL_FILES * scale));
    renameSync(unfinished, directory);
  }
  return { first: join(directory, days[0] as string), second: join(directory, days[1] as string) };
}
