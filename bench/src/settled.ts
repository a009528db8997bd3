/** Measures a command when the disk has nothing left to write from what came before. */
import { execFileSync } from "node:child_process";
import { type Measurement, measure } from "./measure.ts";

export async function settled(command: Parameters<typeof measure>[0]): Promise<Measurement> {
  execFileSync("sync");
  return await measure(command);
}
