/** A password that was typed can be read in the list of processes while the command starts, and no longer. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { muteServer } from "../harness/mute-server.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

const SECRET = "sEcReT";

test.concurrent.each([
  ["of a store's server", (port: number) => ["ls", "--server", `redis://ann:${SECRET}@127.0.0.1:${port}`]],
  ["of a database", (port: number) => ["snapshot", `postgres://ann:${SECRET}@127.0.0.1:${port}/app`]],
  [
    "that is a parameter",
    (port: number) => ["snapshot", `postgres://ann@127.0.0.1:${port}/app?password=${SECRET}`],
  ],
])("the password %s", async (_, wordsFor) => {
  const directory = scratch("processes");
  const world = openWorld(directory);
  const server = await muteServer(0);
  const seen: string[] = [];
  const result = await world.run(wordsFor(server.port), {
    env: { DATADB_STORE: join(directory, "store") },
    started: (child) => {
      void waitFor("a request", () => server.silences() > 0)
        .then(() => seen.push(readFileSync(`/proc/${child.pid}/cmdline`, "latin1")))
        .finally(() => child.kill("SIGINT"));
    },
  });
  server.close();
  expect(seen.join()).toMatch(/^datadb (?:ls|snapshot) .*\(redacted\)/);
  expect(seen.join() + result.stderr).not.toContain(SECRET);
  expect(result.stderr).toMatch(/process list|can be read by everybody/);
});
