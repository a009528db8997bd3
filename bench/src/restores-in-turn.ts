/** Restores by several tools: whoever comes first finds memory that was idle, so they take turns. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import type { Measurement } from "./measure.ts";
import { settled } from "./settled.ts";
import type { Repository } from "./tools/tool.ts";

/** How often each of them restores. */
const TURNS = 3;

/** The newest backup of the source, compared with it, into `target`, which must not exist. For each repository its measurements. */
export async function restoresInTurn(
  repositories: readonly Repository[],
  source: string,
  target: string,
): Promise<Measurement[][]> {
  const times = repositories.map((): Measurement[] => []);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [at, repository] of repositories.entries()) {
      mkdirSync(target);
      times[at]!.push(await settled(repository.restore(source, target)));
      const difference = ["--recursive", "--brief", source, repository.restored(source, target)];
      execFileSync("diff", difference, { stdio: "inherit" });
      rmSync(target, { recursive: true });
    }
  }
  return times;
}
