/** What backups in a bucket cost: requests and bytes of each step, beside restic on the same server. */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, measure } from "./measure.ts";
import { type S3Process, startS3Process, type Traffic } from "./s3-server.ts";
import type { Verdict } from "./targets.ts";
import { resticProgram } from "./tools/restic.ts";
import { writeSmallFiles } from "./workload/small-files.ts";
import { tableHistory } from "./workload/table-dumps.ts";

const FULL_FILES = 50_000;
/** The full workload's dumps, as a part of those of the other workloads. */
const DUMPS = 0.25;
type Step =
  | "first snapshot"
  | "next day"
  | "restore of a directory"
  | "the same, nothing cached"
  | "check"
  | "gc";
const UNCACHED = "the same, nothing cached";
const FIRST = "first snapshot";
const STEPS: readonly Step[] = [
  FIRST,
  "next day",
  "restore of a directory",
  "the same, nothing cached",
  "check",
  "gc",
];

/** A program's way through the steps. */
interface Contender {
  name: string;
  init: Command;
  snapshot: Command;
  restore: Command;
  /** What it keeps on the local disk of what is in the bucket. */
  cache: string;
  check: Command;
  collect: readonly Command[];
  /** Where the restored directory is below the target. */
  restored: string;
}

/** One program's steps. */
export interface S3Run {
  tool: string;
  steps: Record<Step, Traffic & { wall: number }>;
}

interface Source {
  path: string;
  /** The directory that is restored, below the source. */
  part: string;
}

function datadbContender(server: S3Process, work: string, { path, part }: Source): Contender {
  const store = join(work, "datadb", "store");
  mkdirSync(join(work, "datadb"), { recursive: true });
  const config = join(work, "datadb", "config.yaml");
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const s3 = { bucket: "datadb", endpoint, accessKeyId, secretAccessKey };
  writeFileSync(config, JSON.stringify({ blobs: { s3 } }));
  const env = { XDG_STATE_HOME: join(work, "datadb", "state"), DATADB_HOST: "bench", DATADB_STORE: store };
  const command = (...words: string[]): Command => ({ program: "datadb", words, env });
  return {
    name: "datadb",
    init: command("init", "--config", config),
    snapshot: command("snapshot", path),
    restore: command("restore", `source:${part}`, join(work, "datadb", "restored")),
    cache: join(store, "cache"),
    check: command("check"),
    collect: [command("forget", "--keep-last", "1", "--yes"), command("gc")],
    restored: join(work, "datadb", "restored"),
  };
}

function resticContender(server: S3Process, work: string, { path, part }: Source, cache: string): Contender {
  const target = join(work, "restic", "restored");
  const env = {
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    RESTIC_PASSWORD: "bench",
    RESTIC_REPOSITORY: `s3:${server.endpoint}/restic`,
    RESTIC_CACHE_DIR: join(work, "restic", "cache"),
  };
  const program = resticProgram(cache);
  const command = (...words: string[]): Command => ({ program, words: [...words, "--quiet"], env });
  return {
    name: "restic",
    init: command("init"),
    snapshot: command("backup", path),
    restore: command("restore", `latest:${join(path, part)}`, "--target", target),
    cache: env.RESTIC_CACHE_DIR,
    check: command("check"),
    collect: [command("forget", "--group-by", "", "--keep-last", "1"), command("prune")],
    restored: target,
  };
}

/** Rows are added and changed as days do it; of a hundred files one is edited. */
function nextDay(source: string, history: ReturnType<typeof tableHistory>): void {
  history.nextDay();
  rmSync(join(source, "tables"), { recursive: true });
  history.write(join(source, "tables"));
  const files = execFileSync("find", [join(source, "files"), "-type", "f"], {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  const all = files.split("\n").filter((file) => file !== "");
  for (const [at, file] of all.sort().entries()) if (at % 100 === 0) appendFileSync(file, "// edited\n");
}

function total(all: readonly Traffic[]): Traffic {
  const operations: Record<string, number> = {};
  for (const one of all)
    for (const [name, count] of Object.entries(one.operations))
      operations[name] = (operations[name] ?? 0) + count;
  const sum = (figure: "requests" | "sent" | "received"): number =>
    all.reduce((whole, one) => whole + one[figure], 0);
  return { requests: sum("requests"), sent: sum("sent"), received: sum("received"), operations };
}

async function step(server: S3Process, commands: readonly Command[]): Promise<Traffic & { wall: number }> {
  await server.traffic();
  let wall = 0;
  for (const command of commands) wall += (await measure(command)).wall;
  return { ...total([await server.traffic()]), wall };
}

/** Both programs through all steps, on the same days; `work` must not exist. */
export async function runS3(work: string, cache: string, scale: number): Promise<S3Run[]> {
  const server = await startS3Process(["datadb", "restic"]);
  try {
    const path = join(work, "source");
    mkdirSync(path, { recursive: true });
    writeSmallFiles(join(path, "files"), Math.round(FULL_FILES * scale));
    const history = tableHistory(DUMPS * scale);
    history.write(join(path, "tables"));
    const source = { path, part: join("files", readdirSync(join(path, "files")).sort()[0] as string) };
    const contenders = [datadbContender(server, work, source), resticContender(server, work, source, cache)];
    const runs = contenders.map(({ name }): S3Run => ({ tool: name, steps: {} as S3Run["steps"] }));
    for (const name of STEPS) {
      if (name === "next day") nextDay(path, history);
      for (const [at, contender] of contenders.entries()) {
        if (name === FIRST) await measure(contender.init);
        if (name === UNCACHED)
          for (const path of [contender.cache, contender.restored]) rmSync(path, { recursive: true });
        const commands = commandsOf(contender, name);
        const taken = await step(server, commands);
        (runs[at] as S3Run).steps[name] = taken;
        console.log(
          `s3: ${contender.name}, ${name}: ${taken.requests} requests, ${JSON.stringify(taken.operations)}`,
        );
        if (name === "restore of a directory" || name === UNCACHED)
          execFileSync("diff", ["--recursive", "--brief", join(path, source.part), contender.restored], {
            stdio: "inherit",
          });
      }
    }
    return runs;
  } finally {
    server.close();
  }
}

function commandsOf(contender: Contender, name: Step): readonly Command[] {
  if (name === FIRST || name === "next day") return [contender.snapshot];
  if (name === "check") return [contender.check];
  return name === "gc" ? contender.collect : [contender.restore];
}

const bytesOf = ({ sent, received }: Traffic): number => sent + received;

export function s3Table(runs: readonly S3Run[]): string {
  const rows = STEPS.flatMap((name) =>
    runs.map(({ tool, steps }) => {
      const { requests, sent, received, wall, operations } = steps[name];
      const split = Object.entries(operations).map(([operation, count]) => `${operation} ${count}`);
      return `| ${name} | ${tool} | ${requests} | ${(sent / 1e6).toFixed(2)} | ${(received / 1e6).toFixed(2)} | ${wall.toFixed(2)} | ${split.join(", ")} |`;
    }),
  );
  return [
    "## Backups in a bucket",
    "",
    "Table dumps and small files; both programs against one S3 server.",
    "",
    "| step | tool | requests | sent, MB | received, MB | wall, s | operations |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** Fewer requests for every step; fewer bytes, but for the first snapshot at most a tenth more. */
export function judgeS3(runs: readonly S3Run[]): Verdict[] {
  const [own, other] = ["datadb", "restic"].map((name) => runs.find(({ tool }) => tool === name));
  if (own === undefined || other === undefined) return [];
  return STEPS.flatMap((name): Verdict[] => {
    const most = name === FIRST ? 1.1 : 1;
    const requests = [own.steps[name].requests, other.steps[name].requests] as const;
    const bytes = [bytesOf(own.steps[name]), bytesOf(other.steps[name])] as const;
    return [
      {
        work: `s3: requests, ${name}`,
        measured: `${requests[0]} against ${requests[1]} of restic`,
        target: "fewer than restic",
        held: requests[0] < requests[1],
      },
      {
        work: `s3: bytes, ${name}`,
        measured: `${(bytes[0] / bytes[1]).toFixed(2)} x restic`,
        target: most === 1 ? "fewer than restic" : `at most ${most} x restic`,
        held: name === FIRST ? bytes[0] <= most * bytes[1] : bytes[0] < bytes[1],
      },
    ];
  });
}
