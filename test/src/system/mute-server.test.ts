/** A server that takes requests and never answers: one signal ends every verb that talks to it, with one message. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeResult, openWorld } from "../harness/command.ts";
import { LONG } from "../harness/lanes.ts";
import { muteServer } from "../harness/mute-server.ts";
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
