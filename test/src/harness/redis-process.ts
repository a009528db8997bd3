/** A real redis-server on a free port, without a disk: what replies are compared with. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { afterAll } from "vitest";
import { freePort } from "./free-port.ts";
// First, so that its cleaning comes last: hooks run in reverse.
import { scratch } from "./scratch.ts";
import { waitFor } from "./wait-for.ts";

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts it and resolves with its port when it listens. It ends with the test file. */
export async function startRedis(): Promise<number> {
  const port = await freePort();
  const words = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    scratch("redis"),
    "--save",
    "",
    "--appendonly",
    "no",
  ];
  running.add(spawn("redis-server", words, { stdio: "ignore" }));
  await waitFor(
    "redis-server to listen",
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => resolve(false));
        socket.on("connect", () => {
          socket.destroy();
          resolve(true);
        });
      }),
  );
  return port;
}
