/** Compares datadb with restic, borg, pg_dump and redis-server in one run, and says which targets hold. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { directoryBytes } from "./directory-bytes.ts";
import { benchEncrypt, encryptTable, judgeEncrypt } from "./encrypt.ts";
import { gcTable, judgeGc, runGc } from "./gc.ts";
import { benchMirror, judgeMirror, mirrorTable } from "./mirror.ts";
import { judgeMonth, monthTable, runMonth } from "./month.ts";
import { benchMounts, judgeMounts, mountTable } from "./mount/bench.ts";
import { benchPostgres } from "./postgres/bench.ts";
import { describeRun, seriesTable, verdictTable, wireTable } from "./report.ts";
import { judgeRows, rowsTable, runRows } from "./rows.ts";
import { judgeS3, runS3, s3Table } from "./s3.ts";
import { runSeries, type Series } from "./series.ts";
import { judgeSeries, judgeWire, type Verdict } from "./targets.ts";
import { borg } from "./tools/borg.ts";
import { datadb } from "./tools/datadb.ts";
import { restic } from "./tools/restic.ts";
import type { Tool } from "./tools/tool.ts";
import { measureWire, type WireResult } from "./wire.ts";
import { cachedWorkload, type WorkloadName } from "./workload/cached-workload.ts";

const HELP = `npm run bench -- [OPTION]...

  --workloads LIST    of dumps, files, month, rows, gc, encrypt, mirror, mount, s3, postgres, wire (default: all)
  --tools LIST        of datadb, restic, borg (default: all)
  --repetitions N     how often each tool runs, in turn (default 3; month, rows and gc run once)
  --days N            days of a month (default 30)
  --scale X           part of the full workload, such as 0.1 (default 1)
  --directory DIR     for workloads and repositories (default: datadb-bench below the temporary directory)
  --report FILE       the report, as Markdown (default: .cache/bench/report.md)
`;
const ROOT = resolve(import.meta.dirname, "../..");
const WIRE_REQUESTS = 300_000;

const { values } = parseArgs({
  options: {
    workloads: { type: "string", default: "dumps,files,month,rows,gc,encrypt,mirror,mount,s3,postgres,wire" },
    tools: { type: "string", default: "datadb,restic,borg" },
    repetitions: { type: "string", default: "3" },
    days: { type: "string", default: "30" },
    scale: { type: "string", default: "1" },
    directory: { type: "string", default: join(tmpdir(), "datadb-bench") },
    report: { type: "string", default: join(ROOT, ".cache/bench/report.md") },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(HELP);
else await bench();

async function bench(): Promise<void> {
  const directory = resolve(values.directory);
  mkdirSync(directory, { recursive: true });
  const repetitions = Number(values.repetitions);
  const workloads = values.workloads.split(",");
  const tools = findTools(values.tools.split(","), directory);
  const versions = tools.map((tool) => `${tool.name}: ${tool.version}`);
  if (workloads.includes("wire"))
    versions.push(execFileSync("redis-server", ["--version"], { encoding: "utf8" }).trim());
  for (const version of versions) console.log(version);

  rmSync(join(directory, "work"), { recursive: true, force: true });
  const verdicts: Verdict[] = [];
  const tables: string[] = [];
  for (const workload of ["dumps", "files"] as const) {
    if (!workloads.includes(workload)) continue;
    const { content, series } = await compare(workload, tools, directory, repetitions);
    tables.push(seriesTable(workload, content, series));
    if (["datadb", "restic"].every((tool) => series.some((one) => one.tool === tool)))
      verdicts.push(...judgeSeries(workload, series));
  }
  if (workloads.includes("month")) {
    const work = join(directory, "work", "month");
    const months = await runMonth(tools, work, Number(values.scale), Number(values.days));
    tables.push(monthTable(months, directoryBytes(join(work, "source"))));
    verdicts.push(...judgeMonth(months));
  }
  if (workloads.includes("rows") && tools.some(({ name }) => name === "datadb")) {
    const other = tools.find(({ name }) => name === "restic");
    for (const result of await runRows(join(directory, "work", "rows"), Number(values.scale), other)) {
      tables.push(rowsTable(result));
      verdicts.push(...judgeRows(result));
    }
  }
  if (workloads.includes("gc")) {
    const runs = await runGc(tools, join(directory, "work", "gc"), Number(values.scale));
    tables.push(gcTable(runs));
    verdicts.push(...judgeGc(runs));
  }
  if (workloads.includes("encrypt") && tools.some(({ name }) => name === "datadb")) {
    const runs = await benchEncrypt(directory, repetitions, Number(values.scale));
    tables.push(encryptTable(runs));
    verdicts.push(...judgeEncrypt(runs));
  }
  if (workloads.includes("mirror") && tools.some(({ name }) => name === "datadb")) {
    const runs = await benchMirror(directory, repetitions, Number(values.scale));
    tables.push(mirrorTable(runs));
    verdicts.push(...judgeMirror(runs));
  }
  if (workloads.includes("mount")) {
    const work = join(directory, "work", "mount");
    const mounts = await benchMounts(tools, work, repetitions, Number(values.scale));
    tables.push(mountTable(mounts));
    verdicts.push(...judgeMounts(mounts));
  }
  if (workloads.includes("s3")) {
    const runs = await runS3(join(directory, "work", "s3"), directory, Number(values.scale));
    tables.push(s3Table(runs));
    verdicts.push(...judgeS3(runs));
  }
  if (workloads.includes("postgres")) {
    const options = { directory, repetitions, scale: Number(values.scale), tools: values.tools.split(",") };
    const report = await benchPostgres(options);
    versions.push(...report.versions);
    tables.push(...report.tables);
    verdicts.push(...report.verdicts);
  }
  if (workloads.includes("wire")) {
    const results: WireResult[] = [];
    for (let i = 0; i < repetitions; i++)
      results.push(await measureWire(join(directory, "wire"), WIRE_REQUESTS));
    tables.push(wireTable(results));
    verdicts.push(...judgeWire(results));
  }
  rmSync(join(directory, "work"), { recursive: true, force: true });
  const report = [describeRun(versions, directory), verdictTable(verdicts), ...tables].join("\n");
  mkdirSync(dirname(resolve(values.report)), { recursive: true });
  writeFileSync(values.report, report);
  console.log(`\n${report}\nwritten to ${values.report}`);
}

function findTools(names: readonly string[], directory: string): Tool[] {
  const found = { datadb: () => datadb(), restic: () => restic(directory), borg: () => borg() };
  return names.flatMap((name) => {
    if (!(name in found))
      throw new Error(`--tools: there is no ${name}; known are ${Object.keys(found).join(", ")}`);
    return found[name as keyof typeof found]() ?? [];
  });
}

async function compare(
  workload: WorkloadName,
  tools: readonly Tool[],
  directory: string,
  repetitions: number,
): Promise<{ content: number; series: Series[] }> {
  const days = cachedWorkload(workload, directory, Number(values.scale));
  // Read once, so that no tool reads the disk for the others.
  execFileSync("sh", ["-c", 'find "$@" -type f -exec cat {} + > /dev/null', "sh", days.first, days.second]);
  const series: Series[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const tool of tools) {
      const one = await runSeries(
        tool,
        days,
        join(directory, "work", `${workload}-${repetition}-${tool.name}`),
      );
      series.push(one);
      const walls = [one.first, one.second, one.restore].map(({ wall }) => wall.toFixed(2)).join(", ");
      console.log(`${workload} ${repetition}/${repetitions} ${tool.name}: first, second, restore ${walls} s`);
    }
  }
  return { content: directoryBytes(days.first), series };
}
