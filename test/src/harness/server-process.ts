/** `datadb server` as a process that tests can talk to, stop and kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { afterAll } from "vitest";
// First, so that its cleaning comes last: hooks run in reverse.
import "./scratch.ts";
import type { World } from "./command.ts";
import { freePort } from "./free-port.ts";
import { waitFor } from "./wait-for.ts";

export interface ServerProcess {
  /** For `--server`. */
  url: string;
  /** The directory of its store. */
  store: string;
  port: number;
  httpPort: number;
  child: ChildProcess;
  /** All it said on standard error and output so far. */
  said(): string;
  /** SIGTERM, then resolves with the exit code. */
  stop(): Promise<number | null>;
  /** kill -9, then resolves when it is gone. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts the server, on free ports unless some are given, and resolves when it answers PING. */
export async function startServer(
  world: World,
  store: string,
  ports: { port?: number; httpPort?: number } = {},
): Promise<ServerProcess> {
  const port = ports.port ?? (await freePort());
  const httpPort = ports.httpPort ?? (await freePort());
  const all = ["server", "--store", store, "--port", String(port), "--http-port", String(httpPort)];
  const child = spawn(world.program, all, { env: world.env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => (said += part.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  await waitFor("the server to answer", async () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${said}`);
    return ping(port);
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    store,
    port,
    httpPort,
    child,
    said: () => said,
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.write("PING\r\n"));
    socket.on("data", (answer) => {
      socket.destroy();
      resolve(answer.toString().startsWith("+PONG"));
    });
  });
}
