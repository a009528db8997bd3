/**
 * kill -9, spread evenly over the measured duration of a snapshot of 128 MB (512 with full counts): of the command that holds the store, of a
 * client of a server, and of the server. After each kill the store opens and its content verifies, after each second one
 * the next snapshot succeeds; every backup that is ever listed restores exactly.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeBigSource } from "../harness/big-source.ts";
import { describeResult, openWorld, type World } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf, seed } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";
import { type ServerProcess, startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

const SOURCE_BYTES = (LONG ? 512 : 128) * 1024 * 1024;
/** Kills of each victim: 9 in all, 200 with full counts. */
const KILLS = LONG ? { embedded: 80, client: 60, server: 60 } : { embedded: 3, client: 3, server: 3 };
/** Kills between undisturbed snapshots, each of which finds what several kills have left. */
const KILLS_PER_SNAPSHOT = LONG ? 2 : 4;
/** Kills that one store goes through before a new one takes its place: bounds the disk that the test needs. */
const KILLS_PER_STORE = 4;
/** A kill that came after the end is repeated, with the duration as it is now. */
const TRIES = 6;
const LIMIT_MS = LONG ? 7_200_000 : 900_000;

type Victim = keyof typeof KILLS;

describe.each(Object.keys(KILLS) as Victim[])("kill -9 of the %s", (victim) => {
  test(
    "leaves everything listed exact",
    async () => {
      const directory = scratch(`kill-${victim}`);
      const random = randomOf(`kill ${victim}`);
      const source = makeBigSource(join(directory, "source"), SOURCE_BYTES, random);
      const run = new Run(openWorld(directory), join(directory, "store"), source.directory, victim);
      const counts = { killed: 0, tooLate: 0, listedAfterKill: 0, checked: 0, restored: 0 };
      let duration = await run.duration();
      await run.firstSnapshot();
      for (let kill = 0; kill < KILLS[victim]; kill++) {
        const fraction = (kill + 0.5) / KILLS[victim];
        for (let attempt = 1; ; attempt++) {
          source.renew();
          const ended = await run.killedSnapshot(fraction * duration);
          counts.listedAfterKill += await run.learn(source.directory);
          if (ended === null) break;
          counts.tooLate++;
          duration = Math.min(duration, ended) * 0.95;
          expect(attempt, `${victim} ended in ${ended} ms before the kill, ${TRIES} times`).toBeLessThan(
            TRIES,
          );
        }
        counts.killed++;
        await run.check();
        counts.checked++;
        if ((kill + 1) % KILLS_PER_SNAPSHOT === 0) await run.nextSnapshot();
        if ((kill + 1) % KILLS_PER_STORE === 0 || kill + 1 === KILLS[victim]) {
          counts.restored += await run.restoreAll();
          run.forgetStore();
          if (kill + 1 < KILLS[victim]) await run.firstSnapshot();
        }
      }
      console.info(
        `kill -9 of the ${victim} (seed ${seed}): ${JSON.stringify(counts)}, a snapshot takes ${Math.round(duration)} ms`,
      );
      expect(counts.killed).toBe(KILLS[victim]);
    },
    LIMIT_MS,
  );
});

/** The store under test, and the hash of the tree that each of its backups must restore to. */
class Run {
  private readonly world: World;
  private readonly store: string;
  private readonly source: string;
  private readonly victim: Victim;
  private readonly expected = new Map<string, string>();

  constructor(world: World, store: string, source: string, victim: Victim) {
    this.world = world;
    this.store = store;
    this.source = source;
    this.victim = victim;
  }

  /** Makes the store, with a backup of another series in it. */
  async firstSnapshot(): Promise<void> {
    await this.must(["snapshot", "--store", this.store, "--name", "small", join(this.source, "small")]);
    await this.learn(join(this.source, "small"));
  }

  /** Milliseconds of an undisturbed snapshot. */
  async duration(): Promise<number> {
    const throwaway = `${this.store}.measured`;
    const server = this.victim === "embedded" ? null : await startServer(this.world, throwaway);
    const place = server === null ? ["--store", throwaway] : ["--server", server.url];
    const words = ["snapshot", ...place, "--name", "big", this.source];
    const result = await this.world.run(words);
    expect(result.code, describeResult(words, result)).toBe(0);
    if (server !== null) await server.stop();
    rmSync(throwaway, { recursive: true });
    return result.elapsed;
  }

  /** Starts a snapshot and kills the victim after so many milliseconds; the milliseconds it took when it ended before. */
  async killedSnapshot(after: number): Promise<number | null> {
    const server = this.victim === "embedded" ? null : await startServer(this.world, this.store);
    const place = server === null ? ["--store", this.store] : ["--server", server.url];
    let killed = false;
    let again: Promise<ServerProcess> | null = null;
    const result = await this.world.run(["snapshot", ...place, "--name", "big", this.source], {
      started: (child) => {
        const timer = setTimeout(() => {
          killed = true;
          if (this.victim !== "server") child.kill("SIGKILL");
          // The client may come back: the server is started again on the same port, as a supervisor would.
          else
            again = (server as ServerProcess)
              .kill()
              .then(() => startServerAgain(this.world, this.store, server as ServerProcess));
        }, after);
        child.on("exit", () => clearTimeout(timer));
      },
    });
    if (this.victim === "embedded") return result.signal === "SIGKILL" ? null : result.elapsed;
    if (this.victim === "client") {
      await (server as ServerProcess).stop();
      return result.signal === "SIGKILL" ? null : result.elapsed;
    }
    if (!killed) {
      await (server as ServerProcess).stop();
      return result.elapsed;
    }
    await (await (again as unknown as Promise<ServerProcess>)).stop();
    expect([0, 1], describeResult(["snapshot"], result)).toContain(result.code);
    return null;
  }

  /** Backups that are listed and were not known are of the directory as it is now; returns how many. */
  async learn(directory: string): Promise<number> {
    const listed = (await this.must(["ls", "--store", this.store])).filter(
      (record) => record["type"] === "backup",
    );
    const fresh = listed.filter((backup) => !this.expected.has(backup["id"]));
    // So much is only read when there is something to compare with it.
    const hash = fresh.length > 0 ? await treeHash(directory) : "";
    for (const backup of fresh) {
      expect(backup["complete"]).toBe(true);
      this.expected.set(backup["id"], hash);
    }
    const ids = new Set(listed.map((backup) => backup["id"]));
    for (const id of this.expected.keys()) expect(ids, "a listed backup stays listed").toContain(id);
    return fresh.length;
  }

  async check(): Promise<void> {
    await this.must(["check", "--store", this.store, "--read-data"]);
  }

  async nextSnapshot(): Promise<void> {
    const words = ["snapshot", "--store", this.store, "--name", "big", this.source];
    this.expected.set((await this.world.summary(words))["backup"], await treeHash(this.source));
  }

  /** Restores every backup and compares; returns how many. */
  async restoreAll(): Promise<number> {
    for (const [id, hash] of this.expected) {
      const target = `${this.store}.restored`;
      await this.must(["restore", "--store", this.store, id, target]);
      expect(await treeHash(target), `backup ${id}`).toBe(hash);
      rmSync(target, { recursive: true });
    }
    return this.expected.size;
  }

  forgetStore(): void {
    rmSync(this.store, { recursive: true });
    rmSync(join(this.world.home, ".local"), { recursive: true, force: true });
    this.expected.clear();
  }

  private must(words: readonly string[]): ReturnType<World["records"]> {
    return this.world.records(words);
  }
}

/** The server again, on the port it had. */
async function startServerAgain(world: World, store: string, before: ServerProcess): Promise<ServerProcess> {
  return await waitFor("the server to start again", () =>
    startServer(world, store, { port: before.port, httpPort: before.httpPort }),
  );
}
