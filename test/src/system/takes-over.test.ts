/** One store, several processes: guests work beside the holder and survive its kill -9 by taking over. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeBigSource } from "../harness/big-source.ts";
import { describeResult, openWorld } from "../harness/command.ts";
import { differences, treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

const MIB = 1024 * 1024;
const ROUNDS = LONG ? 15 : 2;

test("a second snapshot, ls and restore beside a running one; the holder's kill stops none of them", async () => {
  const directory = scratch("guests");
  const world = openWorld(directory);
  const store = join(directory, "store");
  const random = randomOf("guests");
  const first = makeBigSource(join(directory, "first"), 192 * MIB, random);
  const second = makeBigSource(join(directory, "second"), 128 * MIB, random);
  await world.summary(["snapshot", "--store", store, "--name", "early", join(directory, "first", "small")]);
  const early = await treeHash(join(directory, "first", "small"));
  for (let round = 0; round < ROUNDS; round++) {
    first.renew();
    second.renew();
    let holder: { kill: (signal: NodeJS.Signals) => boolean; exitCode: number | null } | undefined;
    const held = world.run(["snapshot", "--store", store, first.directory], {
      started: (child) => (holder = child),
    });
    // The holder's socket is there when a guest is served; a guest that comes too early is the holder itself.
    const listed = await waitFor("ls beside the snapshot", async () => {
      const result = await world.run(["ls", "--store", store]);
      return result.code === 0 ? result : null;
    });
    expect(listed.stdout).toContain("early");
    const guest = world.run(["snapshot", "--store", store, second.directory, "--json"]);
    const target = join(directory, `early-${round}`);
    const restored = world.run(["restore", "--store", store, "early", target]);
    await new Promise((resolve) => setTimeout(resolve, 100 + random.integer(700)));
    holder?.kill("SIGKILL");
    const [heldResult, guestResult, restoreResult] = await Promise.all([held, guest, restored]);
    expect(guestResult.code, describeResult(["snapshot second"], guestResult)).toBe(0);
    expect(restoreResult.code, describeResult(["restore early"], restoreResult)).toBe(0);
    expect(await treeHash(target)).toBe(early);
    console.info(
      `round ${round}: holder ended with ${heldResult.signal ?? heldResult.code}, guest with ${guestResult.code}`,
    );
    const again = join(directory, `second-${round}`);
    await world.summary(["restore", "--store", store, "second", again]);
    expect(await differences(second.directory, again)).toEqual([]);
    await world.summary(["check", "--store", store, "--read-data"]);
  }
});
