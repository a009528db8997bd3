/** Mounts of the same data by datadb, restic and borg: what a person waits for, each time with a new mount. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { measure } from "../measure.ts";
import { median } from "../statistics.ts";
import type { Verdict } from "../targets.ts";
import type { Repository, Tool } from "../tools/tool.ts";
import { mountCommand, whileMounted } from "./mounted.ts";
import { type MountSource, writeMountSource } from "./source.ts";

/** Scripts that run in the root of the mounted backup. `most`: of restic's time. */
const TASKS: readonly { name: string; script: string; most: number }[] = [
  { name: "first byte of a cold file", script: "head -c 1 large/3.bin", most: 1 },
  { name: "sequential read", script: "cat large/0.bin | cat", most: 0.5 },
  {
    name: "four parallel readers",
    script: "for i in 0 1 2 3; do cat large/$i.bin | cat & done; wait",
    most: 1,
  },
  { name: "find over the tree", script: "find tree", most: 1 },
  { name: "find over the flat directory", script: "find flat", most: 0.5 },
  { name: "ls -la of the flat directory", script: "ls -la flat", most: 1 },
  {
    name: "tar of 5,000 small files",
    script: "find tree -mindepth 2 -maxdepth 2 | head -n 50 | tar -cf - -T - | cat",
    most: 0.5,
  },
];

interface MountRun {
  tool: string;
  task: string;
  /** Seconds. */
  wall: number;
}

export interface MountReport {
  source: MountSource;
  runs: MountRun[];
  /** Programs that cannot mount here, and why. */
  missing: Map<string, string>;
}

export async function benchMounts(
  tools: readonly Tool[],
  directory: string,
  repetitions: number,
  scale: number,
): Promise<MountReport> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const source = writeMountSource(join(directory, "data"), scale);
  const report: MountReport = { source, runs: [], missing: new Map() };
  const repositories = new Map<Tool, Repository>();
  for (const tool of tools) {
    const repository = tool.repository(join(directory, tool.name, "repository"));
    mkdirSync(join(directory, tool.name));
    await measure(repository.init);
    await measure(repository.backup(source.directory));
    repositories.set(tool, repository);
  }
  for (let repetition = 1; repetition <= repetitions; repetition++)
    for (const { name: task, script } of TASKS)
      for (const [tool, repository] of repositories)
        await runTask(report, { tool, repository, task, script, point: join(directory, tool.name, "mnt") });
  return report;
}

interface TaskRun {
  tool: Tool;
  repository: Repository;
  task: string;
  script: string;
  point: string;
}

async function runTask(
  report: MountReport,
  { tool, repository, task, script, point }: TaskRun,
): Promise<void> {
  if (report.missing.has(tool.name)) return;
  const { command, root } = mountCommand(tool, repository, report.source.directory, point);
  try {
    const { wall } = await whileMounted(command, point, root, () =>
      measure({ program: "bash", words: ["-euc", `{ ${script}; } > /dev/null`], cwd: root }),
    );
    report.runs.push({ tool: tool.name, task, wall });
    console.log(`mount ${tool.name}: ${task} ${wall.toFixed(3)} s`);
  } catch (error) {
    const why = (error as Error).message;
    report.missing.set(tool.name, why);
    console.log(`mount ${tool.name}: left out: ${why}`);
  }
}

function typical({ runs }: MountReport, tool: string, task: string): number {
  return median(runs.filter((run) => run.tool === tool && run.task === task).map(({ wall }) => wall));
}

/** Programs that did not run give no verdict. */
export function judgeMounts(report: MountReport): Verdict[] {
  return TASKS.flatMap(({ name, most }) =>
    ["restic", "borg"].flatMap((tool) => {
      const ratio = typical(report, "datadb", name) / typical(report, tool, name);
      if (Number.isNaN(ratio)) return [];
      const limit = tool === "restic" ? most : 1;
      const target = limit === 1 ? `ahead of ${tool}` : `at most ${limit} of ${tool}'s time`;
      return [
        { work: `mount: ${name}`, measured: `${ratio.toFixed(2)} x ${tool}`, target, held: ratio <= limit },
      ];
    }),
  );
}

export function mountTable(report: MountReport): string {
  const { flat, tree, large } = report.source;
  const tools = [...new Set(report.runs.map(({ tool }) => tool))];
  const rows = TASKS.map(
    ({ name }) => `| ${name} | ${tools.map((tool) => typical(report, tool, name).toFixed(3)).join(" | ")} |`,
  );
  return [
    `## mount: tree of ${tree} files, directory of ${flat}, four files of ${(large / 2 ** 20).toFixed(0)} MiB; seconds`,
    "",
    ...[...report.missing].map(([tool, why]) => `${tool} is left out: ${why.replaceAll("\n", " ")}\n`),
    `| work | ${tools.join(" | ")} |`,
    `|---|${tools.map(() => "---|").join("")}`,
    ...rows,
    "",
  ].join("\n");
}
