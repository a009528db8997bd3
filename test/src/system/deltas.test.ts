/**
 * A table that changes from backup to backup is kept as deltas, by the command that holds the store and by a server: every
 * backup restores exactly, also after a kill in between, after one of them was removed and its garbage collected, and after a rebuild.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeResult, openWorld, type World } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { type Random, randomOf, seed } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";

const ROWS = 20_000;
const VERSIONS = LONG ? 30 : 5;
const CHANGES = 30;
const LIMIT_MS = LONG ? 1_200_000 : 300_000;

/** A directory with a table of about 2 MB, part of it again in a file of 100 KB, and the newest rows in a small one. */
function changingTable(directory: string, random: Random) {
  mkdirSync(directory);
  const row = (id: number): string =>
    `${id}\t${random.bytes(20).toString("hex")}\tof row ${id}\t${random.integer(1e6)}\n`;
  const rows = Array.from({ length: ROWS }, (_, id) => row(id));
  return {
    write(): void {
      writeFileSync(join(directory, "table.copy"), rows.join(""));
      writeFileSync(join(directory, "part.copy"), rows.slice(5000, 6500).join(""));
      writeFileSync(join(directory, "newest.copy"), rows.slice(-100).join(""));
    },
    change(): void {
      for (let i = 0; i < CHANGES; i++) {
        const at = random.integer(rows.length);
        rows.splice(at, random.integer(3), row(at));
        rows.push(row(rows.length));
      }
    },
  };
}

async function must(world: World, words: readonly string[]): Promise<void> {
  const result = await world.run(words);
  expect(result.code, describeResult(words, result)).toBe(0);
}

test.each(["embedded", "server"] as const)(
  "versions of a table, %s",
  async (way) => {
    const directory = scratch(`deltas-${way}`);
    const world = openWorld(directory);
    const [store, source] = [join(directory, "store"), join(directory, "tables")];
    const random = randomOf(`deltas ${way}`);
    const table = changingTable(source, random);
    const server = way === "server" ? await startServer(world, store) : null;
    const place = server === null ? ["--store", store] : ["--server", server.url];
    const snapshot = ["snapshot", ...place, source];
    const hashes = new Map<string, string>();
    let elapsed = 1000;
    for (let version = 0; version < VERSIONS; version++) {
      table.write();
      if (version === VERSIONS >> 1) {
        const after = (elapsed * (random.integer(60) + 30)) / 100;
        await world.run(snapshot, {
          started: (child) => void setTimeout(() => child.kill("SIGKILL"), after),
        });
      }
      const result = await world.run([...snapshot, "--json"]);
      expect(result.code, describeResult(snapshot, result)).toBe(0);
      elapsed = result.elapsed;
      const { backup } = JSON.parse(result.stdout.trim().split("\n").at(-1) as string) as { backup: string };
      hashes.set(backup, await treeHash(source));
      table.change();
    }
    const stats = await world.summary(["stats", ...place]);
    if (server !== null) await server.stop();
    const local = ["--store", store];
    const figures = await world.summary(["stats", ...local]);
    // Nodes are deltas too: data is most of what is counted here.
    expect(figures["zstdDeltaRecords"]).toBeGreaterThan(VERSIONS * 10);
    expect(figures["zstdDeltaStoredBytes"]).toBeLessThan(figures["zstdDeltaContentBytes"] / 20);
    expect(stats["uniqueBytes"]).toBe(figures["uniqueBytes"]);
    await must(world, ["check", ...local, "--read-data"]);

    const restoreAll = async (): Promise<void> => {
      for (const [backup, hash] of hashes) {
        const target = join(directory, `restored-${backup.slice(0, 12)}-${random.integer(1e9)}`);
        await must(world, ["restore", ...local, backup, target]);
        expect(await treeHash(target), `${backup}, seed ${seed}`).toBe(hash);
      }
    };
    if (LONG) await restoreAll();
    const removed = [...hashes.keys()][1] as string;
    await must(world, ["rm", ...local, "--yes", removed]);
    hashes.delete(removed);
    await must(world, ["gc", ...local]);
    await must(world, ["rebuild", ...local]);
    await must(world, ["check", ...local, "--read-data"]);
    await restoreAll();
  },
  LIMIT_MS,
);
