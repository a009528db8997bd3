/** What it takes to give back the space of half a store: time, memory and bytes, and how memory grows with the store. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directoryBytes } from "./directory-bytes.ts";
import { measure } from "./measure.ts";
import { settled } from "./settled.ts";
import { median } from "./statistics.ts";
import type { Verdict } from "./targets.ts";
import type { Repository, Tool } from "./tools/tool.ts";
import { randomOf } from "./workload/random.ts";

/** One tool and one size of store. */
export interface GcRun {
  tool: string;
  /** Files, each a blob of its own. */
  blobs: number;
  /** Seconds of the commands that forget, and of the one that gives space back. */
  forget: number;
  collect: number;
  /** Bytes of private memory at the peak of the latter: tables that the kernel has mapped are not the collection's. datadb: median. */
  memory: number;
  before: number;
  after: number;
}

const BLOBS = 2_000_000;
const FILES_OF_DIRECTORY = 1000;
const MIB = 1024 * 1024;
/** How often datadb collects, each time in a copy of the store: the peak differs by more than a slope from run to run. */
const COLLECTIONS = 3;
/** Bytes of memory for each further million of blobs. */
const MOST_SLOPE: number = 2 * MIB;

/** Files of about a hundred bytes, none like another. */
function writeFiles(directory: string, files: number, seed: number): void {
  const random = randomOf(seed, 0, 0);
  for (let at = 0; at < files; at++) {
    const below = join(directory, String(Math.floor(at / FILES_OF_DIRECTORY)));
    if (at % FILES_OF_DIRECTORY === 0) mkdirSync(below, { recursive: true });
    const content = `${seed} ${at} ${random.hex(80)}`;
    writeFileSync(join(below, String(at)), content);
  }
}

async function runOne(tool: Tool, work: string, older: string, newer: string, blobs: number): Promise<GcRun> {
  const path = join(work, `${tool.name}-${blobs}`, "repository");
  mkdirSync(join(path, ".."), { recursive: true });
  const repository: Repository = tool.repository(path);
  await measure(repository.init);
  for (const source of [older, newer]) await measure(repository.backup(source));
  const before = directoryBytes(path);
  const commands = repository.forgetOlder(older);
  let forget = 0;
  for (const command of commands.slice(0, -1)) forget += (await measure(command)).wall;
  const copies = tool.name === "datadb" ? copiesOf(path) : [];
  const { wall, privateMemory } = await settled(commands.at(-1)!);
  const memories = [privateMemory];
  for (const copy of copies)
    memories.push((await settled(tool.repository(copy).forgetOlder(older).at(-1)!)).privateMemory);
  const memory = median(memories);
  const run = { tool: tool.name, blobs, forget, collect: wall, memory, before, after: directoryBytes(path) };
  const all = memories.map((bytes) => Math.round(bytes / MIB)).join(", ");
  console.log(`gc: ${tool.name}, ${blobs} blobs: ${wall.toFixed(2)} s, ${all} MiB`);
  return run;
}

function copiesOf(path: string): string[] {
  return Array.from({ length: COLLECTIONS - 1 }, (_, at) => {
    const copy = `${path}-${at + 2}`;
    cpSync(path, copy, { recursive: true });
    return copy;
  });
}

/** Two backups, of which the older goes; datadb also with half as many blobs. `work` must not exist. */
export async function runGc(tools: readonly Tool[], work: string, scale: number): Promise<GcRun[]> {
  const runs: GcRun[] = [];
  for (const blobs of [BLOBS / 2, BLOBS].map((count) => Math.round(count * scale))) {
    const [older, newer] = ["older", "newer"].map((name) => join(work, `${name}-${blobs}`)) as [
      string,
      string,
    ];
    writeFiles(older, blobs / 2, 1);
    writeFiles(newer, blobs / 2, 2);
    for (const tool of tools) {
      if (blobs < Math.round(BLOBS * scale) && tool.name !== "datadb") continue;
      runs.push(await runOne(tool, work, older, newer, blobs));
    }
  }
  return runs;
}

/** Bytes of memory that a million more blobs take; the sizes of the runs tell. */
function slopeOf(runs: readonly GcRun[]): number | null {
  const [small, large] = runs.filter(({ tool }) => tool === "datadb");
  if (small === undefined || large === undefined) return null;
  return ((large.memory - small.memory) * 1_000_000) / (large.blobs - small.blobs);
}

export function gcTable(runs: readonly GcRun[]): string {
  const rows = runs.map(
    ({ tool, blobs, forget, collect, memory, before, after }) =>
      `| ${tool} | ${blobs} | ${forget.toFixed(2)} | ${collect.toFixed(2)} | ${(memory / MIB).toFixed(0)} | ${(before / MIB).toFixed(1)} | ${(after / MIB).toFixed(1)} |`,
  );
  return [
    "## Garbage collection",
    "",
    "Two backups of small files, the older one removed.",
    "",
    "| tool | blobs | forget, s | collect, s | private memory, MiB | before, MiB | after, MiB |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

export function judgeGc(runs: readonly GcRun[]): Verdict[] {
  const slope = slopeOf(runs);
  if (slope === null) return [];
  return [
    {
      work: "gc: private memory for each further million of blobs",
      measured: `${(slope / MIB).toFixed(1)} MiB`,
      target: `${MOST_SLOPE / MIB} MiB`,
      held: slope <= MOST_SLOPE,
    },
  ];
}
