import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CommandWorld, commandIn, type Finished, type Running } from "../testing/command-in.ts";

let directory: string;
let datadb: CommandWorld;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "datadb-pairs-"));
  datadb = commandIn(directory);
  mkdirSync(join(directory, "source/deep"), { recursive: true });
  writeFileSync(join(directory, "source/a.txt"), "first");
  await done(datadb.run("snapshot", "source", "--name", "base"));
  writeFileSync(join(directory, "source/deep/b.txt"), "second");
  await done(datadb.run("snapshot", "source", "--name", "base"));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function done(run: Promise<Finished>, code = 0): Promise<Finished> {
  const finished = await run;
  expect(finished, finished.stderr).toMatchObject({ code });
  return finished;
}

let serial = 0;

/** Every verb, as a process that runs to its end, with what must have come out. */
const VERBS: Record<string, () => Promise<void>> = {
  snapshot: async () => {
    const name = `s${serial++}`;
    const { records } = await done(datadb.run("snapshot", "source", "--name", name, "--json"));
    expect(records.at(-1)).toMatchObject({ type: "summary", name, complete: true });
  },
  ls: async () => {
    const { records } = await done(datadb.run("ls", "base", "--json"));
    expect(records.filter((record) => record["type"] === "backup")).toHaveLength(2);
  },
  show: async () => {
    expect((await done(datadb.run("show", "base"))).stdout).toContain("base");
  },
  cat: async () => {
    expect((await done(datadb.run("cat", "base:deep/b.txt"))).stdout).toBe("second");
  },
  restore: async () => {
    const target = join(directory, `restored-${serial++}`);
    await done(datadb.run("restore", "base", target));
    expect(readFileSync(join(target, "deep/b.txt"), "utf8")).toBe("second");
  },
  diff: async () => {
    const { records } = await done(datadb.run("ls", "base", "--json"));
    const [newest, oldest] = records.map((record) => String(record["id"]));
    expect((await done(datadb.run("diff", oldest!, newest!))).stdout).toContain("deep/b.txt");
  },
  find: async () => {
    expect((await done(datadb.run("find", "b.*"))).stdout).toContain("deep/b.txt");
  },
  rm: async () => {
    const name = `r${serial++}`;
    await done(datadb.run("snapshot", "source/a.txt", "--name", name, "--host", name));
    await done(datadb.run("rm", "--yes", name));
    await done(datadb.run("show", name), 4);
  },
  forget: async () => {
    const name = `f${serial++}`;
    for (let i = 0; i < 2; i++)
      await done(datadb.run("snapshot", "source/a.txt", "--name", name, "--host", name));
    const { records } = await done(datadb.run("forget", "--keep-last", "1", "--yes", "--json", name));
    expect(records.at(-1)).toMatchObject({ type: "summary", removed: 1, kept: 1 });
  },
  pin: async () => {
    const name = `p${serial++}`;
    await done(datadb.run("snapshot", "source/a.txt", "--name", name, "--host", name));
    await done(datadb.run("pin", name));
    await done(datadb.run("rm", "--yes", name), 2);
    await done(datadb.run("unpin", name));
    await done(datadb.run("rm", "--yes", name));
  },
  gc: async () => {
    // One at a time: another one answers BUSY.
    const { code, records, stderr } = await datadb.run("gc", "--max-unused", "0", "--json");
    if (code === 0) expect(records.at(-1)).toMatchObject({ type: "summary", dryRun: false });
    else expect(stderr).toContain("being collected already");
  },
  tag: async () => {
    expect((await done(datadb.run("tag", "--add", "kept", "base"))).stdout).toContain("kept");
  },
  check: async () => {
    await done(datadb.run("check", "--read-data"));
  },
  stats: async () => {
    expect((await done(datadb.run("stats", "--json"))).records.at(-1)).toMatchObject({ type: "summary" });
  },
  rebuild: async () => {
    await done(datadb.run("rebuild"));
  },
  init: async () => {
    expect((await done(datadb.run("init"), 1)).stderr).toContain("is a datadb store already");
  },
  key: async () => {
    const path = join(directory, `key-${serial++}`);
    await done(datadb.run("key", "generate", path));
    expect(readFileSync(path, "utf8")).toContain("datadb-key-1:");
  },
  scheduler: async () => {
    const name = `j${serial++}`;
    const yaml = `store: home/.local/share/datadb\nhost: ${name}\njobs: [{ name: ${name}, source: source, every: 1h }]\n`;
    writeFileSync(join(directory, `${name}.yaml`), yaml);
    const { records } = await done(
      datadb.run("scheduler", "--config", `${name}.yaml`, "run", name, "--json"),
    );
    expect(records.at(-1)).toMatchObject({ record: { outcome: "success", backups: [{ name }] } });
  },
  mount: async () => {
    if (!existsSync("/dev/fuse") || process.getuid?.() !== 0) return;
    const point = join(directory, `mnt-${serial++}`);
    mkdirSync(point);
    const mounted = datadb.start("mount", point);
    await printed(mounted, "mounted on");
    expect((await promisify(execFile)("cat", [join(point, "latest/base/deep/b.txt")])).stdout).toBe("second");
    mounted.child.kill("SIGTERM");
    await done(mounted.finished);
  },
  server: async () => {
    const server = datadb.start("server", "--port", "0", "--http-port", "0");
    await printed(server, "serving");
    await done(datadb.run("ls"));
    server.child.kill("SIGTERM");
    await done(server.finished);
  },
};

/** Waits for a message of a running command; fails with what it said when it ends before. */
async function printed(running: Running, text: string): Promise<void> {
  let ended: Finished | undefined;
  void running.finished.then((finished) => {
    ended = finished;
  });
  await expect
    .poll(() => running.printed().stderr + (ended ? "ENDED" : ""), { timeout: 20_000 })
    .toMatch(new RegExp(`${text}|ENDED`));
  if (ended && !running.printed().stderr.includes(text)) throw new Error(`ended early: ${ended.stderr}`);
}

const names = Object.keys(VERBS);
const TABLE = 5;
const tables = Array.from({ length: Math.ceil(names.length / TABLE) }, (_, index) =>
  names.slice(index * TABLE, (index + 1) * TABLE),
);
const every = <T>(all: readonly T[], from: number): [T, T][] =>
  all.flatMap((one, index) => all.slice(index + from).map((other): [T, T] => [one, other]));

/** Two tables of verbs at a time have every two different ones meet in a fifth of the time; the long run takes pair by pair. */
const meetings: string[][] =
  process.env["DATADB_TEST_LONG"] === "1"
    ? every(names, 0)
    : [...every(tables, 1).map((two) => two.flat()), ...names.map((name) => [name, name])];

test("every pair of verbs meets", () => {
  for (const [one, other] of every(names, 1)) {
    expect(meetings.some((meeting) => meeting.includes(one) && meeting.includes(other))).toBe(true);
  }
});

test.each(meetings.map((meeting) => [meeting.join(" beside "), meeting] as const))(
  "%s",
  async (_, meeting) => {
    await Promise.all(meeting.map((verb) => VERBS[verb]!()));
  },
);

test("afterwards nothing is left: no socket, no note, no damage", async () => {
  await done(datadb.run("check", "--read-data"));
  const store = join(directory, "home/.local/share/datadb");
  expect(existsSync(join(store, "holder.json"))).toBe(false);
  expect(readdirSync(join(directory, "run/datadb"))).toEqual([]);
});
