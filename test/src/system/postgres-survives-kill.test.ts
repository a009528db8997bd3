/**
 * kill -9 of the client, of datadb's server and of a PostgreSQL backend, spread over a backup and over a restore: nothing
 * partial is listed, nothing half-restored has the target's name, and the next run succeeds and leaves nothing else behind.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { describeResult } from "../harness/command.ts";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { LONG, lane } from "../harness/lanes.ts";
import { type ServerProcess, startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

/** Kills of each victim during each verb: 6 in all, 54 with full counts. */
const KILLS = LONG ? 9 : 1;
/** A kill that came after the end is repeated, with the duration as it is now. */
const TRIES = 5;
const LIMIT_MS = LONG ? 3_600_000 : 300_000;
const VICTIMS = ["client", "server", "backend"] as const;
const VERBS = ["snapshot", "restore"] as const;
type Victim = (typeof VICTIMS)[number];
type Verb = (typeof VERBS)[number];

const SOURCE = `
  CREATE TABLE one (id bigint PRIMARY KEY, t text);
  INSERT INTO one SELECT n, md5(n::text) || md5((n + 1)::text) FROM generate_series(1, 120000) AS n;
  CREATE TABLE two (id uuid PRIMARY KEY, one bigint REFERENCES one);
  INSERT INTO two SELECT md5(n::text)::uuid, n FROM generate_series(1, 80000) AS n;
  CREATE TABLE three (n int, t text);
  INSERT INTO three SELECT n, md5(n::text) FROM generate_series(1, 50000) AS n;
  CREATE INDEX ON one (t); CREATE INDEX ON three (t, n); CREATE INDEX ON two (one);
  CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM three;
  SELECT lo_from_bytea(77, 'content');
  ANALYZE;`;
const CONTENT = ["one", "two", "three", "seen"].map(
  (table) => `SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM ${table} AS t;`,
);
const CONTENT_SQL = `${CONTENT.join("\n")} SELECT lo_get(77); SELECT count(*) FROM pg_index WHERE indrelid > 16000;`;

lane("kill -9", [{ postgres: 15 }], () => {
  let lab: DatabaseWorld;
  const truth: Truth = { root: "", content: "" };
  let stores = 0;
  const newStore = (): string => `${lab.store}-${++stores}`;

  // One server for all: it has to be as good as before after each kill.
  beforeAll(async () => {
    lab = await openDatabaseWorld("kill");
    await lab.server.createDatabase("source");
    await lab.server.psql("source", SOURCE);
    truth.root = (await lab.show((await lab.backup("source"))["backup"]))["ref"];
    truth.content = await lab.server.psql("source", CONTENT_SQL);
  }, LIMIT_MS);

  describe.each(VERBS)("during %s", (verb) => {
    /** Milliseconds of an undisturbed run. */
    let duration = 0;
    beforeAll(async () => {
      duration = (await runOnce(lab, verb, newStore(), null, Number.POSITIVE_INFINITY)).elapsed;
      await lab.server.dropDatabase("target");
    }, LIMIT_MS);

    test.each(VICTIMS)(
      "of the %s leaves nothing partial",
      async (victim) => {
        for (const kill of Array.from({ length: KILLS }, (_, at) => at)) {
          const fraction = (kill + 0.6) / KILLS;
          // A new store for each backup: what is stored already would be no work.
          let store = newStore();
          for (let attempt = 1; ; attempt++) {
            const run = await runOnce(lab, verb, store, victim, fraction * duration);
            if (run.hit) break;
            // The machine was busier when the duration was measured.
            duration = Math.min(duration, run.elapsed) * 0.9;
            await lab.server.dropDatabase("target");
            store = newStore();
            expect(attempt, `${verb} ended before the kill, ${TRIES} times`).toBeLessThan(TRIES);
          }
          if (verb === "snapshot") await expectWholeStore(lab, store, truth);
          else await expectWholeTarget(lab, truth);
        }
        expect(await lab.databases()).toEqual(["source"]);
        const sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'datadb%'";
        await waitFor(
          "its sessions to end",
          async () => (await lab.server.psql("postgres", sessions)) === "0",
        );
        console.info(
          `${KILLS} x kill -9 of the ${victim} during ${verb}, which takes ${Math.round(duration)} ms`,
        );
      },
      LIMIT_MS,
    );
  });
});

/** What every backup and every copy must be. */
interface Truth {
  root: string;
  content: string;
}

/** Runs the verb, and kills the victim after so many milliseconds unless it is null. */
async function runOnce(
  lab: DatabaseWorld,
  verb: Verb,
  store: string,
  victim: Victim | null,
  after: number,
): Promise<{ hit: boolean; elapsed: number }> {
  const used = verb === "snapshot" ? store : lab.store;
  const server = victim === "server" ? await startServer(lab.world, used) : null;
  const place = server === null ? ["--store", used] : ["--server", server.url];
  const words = verb === "snapshot" ? ["postgres:///source"] : ["source", "postgres:///target"];
  let ended = false;
  let killing: Promise<ServerProcess | boolean> = Promise.resolve(false);
  const result = await lab.world.run([verb, ...place, ...words], {
    started: (child) => {
      if (victim === null) return;
      const timer = setTimeout(() => {
        killing = kill(lab, victim, child, server, () => ended);
      }, after);
      child.on("exit", () => {
        ended = true;
        clearTimeout(timer);
      });
    },
  });
  const hit = await killing;
  if (server !== null) await (typeof hit === "object" ? hit : server).stop();
  if (victim === "backend" && hit !== false)
    await waitFor(
      "PostgreSQL to recover",
      async () => (await lab.server.tryPsql("postgres", "SELECT 1")).code === 0,
    );
  if (victim === "client" && hit !== false && result.signal !== "SIGKILL")
    return { hit: false, elapsed: result.elapsed };
  // A run that lost its server may come back to it and succeed.
  const expected = victim === "client" && hit !== false ? [null] : hit === false ? [0] : [0, 1];
  expect(expected, describeResult([verb], { ...result })).toContain(result.code);
  return { hit: hit !== false, elapsed: result.elapsed };
}

/** Resolves with false when there was nothing to kill any more, else with the server that was started again, or true. */
async function kill(
  lab: DatabaseWorld,
  victim: Victim,
  child: ChildProcess,
  server: ServerProcess | null,
  ended: () => boolean,
): Promise<ServerProcess | boolean> {
  if (victim === "client") return child.kill("SIGKILL");
  if (victim === "server" && server !== null) {
    await server.kill();
    // On the same port, as a supervisor would.
    const { port, httpPort } = server;
    return await startServer(lab.world, server.store, { port, httpPort });
  }
  const sql =
    "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'datadb%' ORDER BY random() LIMIT 1";
  // Right after its start the command has no session yet; and one that was seen may have ended by itself.
  while (!ended()) {
    const pid = Number(await lab.server.psql("postgres", sql));
    if (pid !== 0 && lab.server.killBackend(pid)) return true;
  }
  return false;
}

/** What is listed is the whole database, all content verifies, and the next backup is the whole one too. */
async function expectWholeStore(lab: DatabaseWorld, store: string, truth: Truth): Promise<void> {
  const place = ["--store", store];
  const whole = async (): Promise<number> => {
    const listed = (await lab.world.records(["ls", ...place])).filter(({ type }) => type === "backup");
    for (const { id } of listed) {
      const [shown] = await lab.world.records(["show", ...place, id]);
      expect(shown).toMatchObject({ ref: truth.root, complete: true });
    }
    return listed.length;
  };
  // Killed before it was made, it is no store.
  const before = existsSync(join(store, "config.yaml")) ? await whole() : 0;
  const words = ["snapshot", ...place, "postgres:///source"];
  const next = await lab.world.run(words);
  expect(next.code, describeResult(words, next)).toBe(0);
  expect(await whole()).toBe(before + 1);
  const check = await lab.world.run(["check", "--read-data", ...place]);
  expect(check.code, check.stderr).toBe(0);
  rmSync(store, { recursive: true });
}

/** What has the target's name is whole, and the next restore makes it so and leaves nothing else behind. */
async function expectWholeTarget(lab: DatabaseWorld, truth: Truth): Promise<void> {
  if ((await lab.databases()).includes("target")) {
    expect(await lab.server.psql("target", CONTENT_SQL)).toBe(truth.content);
    await lab.server.dropDatabase("target");
  }
  await lab.restore("source", "target");
  expect(await lab.server.psql("target", CONTENT_SQL)).toBe(truth.content);
  expect(await lab.databases()).toEqual(["source", "target"]);
  await lab.server.dropDatabase("target");
}
