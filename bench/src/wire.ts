/** The wire: redis-benchmark with the same settings against redis-server and against datadb. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** Requests a second by command. */
type Rates = Record<"SET" | "GET" | "HGETALL", number>;

export interface WireResult {
  datadb: Rates;
  redis: Rates;
}

const KEYS = "100000";
const PIPELINE = "16";
const HASH_FIELDS = ["name", "a name", "size", "123456", "mode", "0644", "ref", "0123456789abcdef"];

/** What is compared, for the report. */
export const WIRE_SETTINGS: string = `redis-benchmark -P ${PIPELINE} -r ${KEYS}, HGETALL of 4 fields, redis-server --save ''`;

/** Starts both servers side by side, then measures one after the other. */
export async function measureWire(work: string, requests: number): Promise<WireResult> {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "redis"), { recursive: true });
  const [redisPort, datadbPort, httpPort] = await freePorts(3);
  const servers = [
    start(
      "redis-server",
      ["--port", `${redisPort}`, "--dir", join(work, "redis"), "--save", "", "--appendonly", "no"],
      {},
    ),
    start(
      "datadb",
      ["server", "--store", join(work, "store"), "--port", `${datadbPort}`, "--http-port", `${httpPort}`],
      {
        XDG_STATE_HOME: join(work, "state"),
      },
    ),
  ];
  try {
    await answers(redisPort as number);
    await answers(datadbPort as number);
    return { redis: rates(redisPort as number, requests), datadb: rates(datadbPort as number, requests) };
  } finally {
    await Promise.all(servers.map(end));
    rmSync(work, { recursive: true, force: true });
  }
}

function rates(port: number, requests: number): Rates {
  const set = benchmark(port, requests, ["-t", "set"]);
  const get = benchmark(port, requests, ["-t", "get"]);
  benchmark(port, 2 * Number(KEYS), ["hset", "hash:__rand_int__", ...HASH_FIELDS]);
  return { SET: set, GET: get, HGETALL: benchmark(port, requests, ["hgetall", "hash:__rand_int__"]) };
}

function benchmark(port: number, requests: number, words: readonly string[]): number {
  const options = [
    "-h",
    "127.0.0.1",
    "-p",
    `${port}`,
    "-P",
    PIPELINE,
    "-r",
    KEYS,
    "-n",
    `${requests}`,
    "--csv",
  ];
  const printed = execFileSync("redis-benchmark", [...options, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return Number(
    /^"[^"]*","([0-9.]+)"/m.exec(
      printed
        .split("\n")
        .filter((line) => !line.startsWith('"test"'))
        .join("\n"),
    )?.[1],
  );
}

function start(program: string, words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(program, words, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "inherit"] });
}

async function answers(port: number): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      const said = execFileSync("redis-cli", ["-p", `${port}`, "ping"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      if (said.trim() === "PONG") return;
    } catch {
      // Not listening yet.
    }
    if (performance.now() > end) throw new Error(`nothing answers on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function end(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null) return resolve();
    server.on("close", () => resolve());
    server.kill("SIGTERM");
  });
}

async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    probes.map(
      (probe) =>
        new Promise<number>((resolve) => {
          probe.listen(0, "127.0.0.1", () => resolve((probe.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}
