/** A server that takes requests and never answers: one signal ends every verb that talks to it, with one message. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeResult, openWorld } from "../harness/command.ts";
import { LONG } from "../harness/lanes.ts";
import { seed } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

const VERBS: readonly string[][] = [
  ["check"],
  ["check", "--read-data", "--repair"],
  ["ls"],
  ["show", "some"],
  ["snapshot", "."],
  ["restore", "some", "target"],
  ["gc"],
  ["stats"],
  ["rm", "--yes", "some"],
  ["find", "some"],
];

/** Answers so many requests of a connection, then none. */
async function muteServer(answers: number): Promise<{ port: number; silences(): number; close(): void }> {
  const sockets = new Set<Socket>();
  let silences = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    let left = answers;
    socket.on("error", () => {});
    socket.on("data", () => {
      if (left-- > 0) socket.write("+PONG\r\n");
      else silences += 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silences: () => silences,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test.concurrent.each(
  // From the first word on, or behind it: each verb in turn, unless both are wanted.
  VERBS.flatMap((verb, at) =>
    [0, 1]
      .filter((answers) => LONG || (at + seed + answers) % 2 === 0)
      .map((answers) => [verb.join(" "), answers, verb] as const),
  ),
)("%s, of a server that answers %i requests, ends at once", async (_, answers, verb) => {
  const directory = scratch("mute");
  const world = openWorld(directory);
  const server = await muteServer(answers);
  const words = [...verb, "--server", `redis://127.0.0.1:${server.port}`];
  const result = await world.run(words, {
    cwd: directory,
    env: { XDG_STATE_HOME: join(directory, "state") },
    started: (child) => {
      void waitFor("a request", () => server.silences() > 0, 100_000).then(() => child.kill("SIGINT"));
    },
  });
  server.close();
  expect(result.code, describeResult(words, result)).toBe(130);
  expect(result.stderr).toMatch(/^datadb: interrupted by SIGINT\n {2}[^\n]+\n$/);
});
