/**
 * A power cut at every moment of a whole store's run: packs in every state that the recorded disk allows, both LevelDBs cut
 * anywhere behind their last sync. The store opens, what was committed restores, and nothing else shows.
 */
import { crashStates, createRandom } from "@datadb/backends/suite";
import { expect, test } from "vitest";
import { makeCrashRun } from "../testing/crash/crash-run.ts";
import { judgeState } from "../testing/crash/judge-state.ts";
import { watchLevelSyncs } from "../testing/crash/level-image.ts";
import { testSeed } from "./scratch-store.ts";

const LONG = process.env["DATADB_TEST_LONG"] === "1";
const RUNS = LONG ? 30 : 1;
const STEPS = 14;
/** States that are opened for one moment, drawn from all that there are up to the bound. */
const DRAWN = LONG ? 12 : 1;
const BOUND = 64;

watchLevelSyncs();

test(
  "a power cut at any moment loses nothing that was committed, and shows nothing else",
  async () => {
    const seed = testSeed();
    let [states, moments, possible, detached] = [0, 0, 0, 0];
    for (let number = 0; number < RUNS; number++) {
      const random = createRandom(seed + number);
      const run = await makeCrashRun(random, STEPS);
      detached += run.detached;
      try {
        for (let count = 0; count <= run.disk.record.events.length; count++) {
          const { images } = crashStates(run.disk.record, count, BOUND, random);
          moments += 1;
          possible += images.length;
          for (let draw = 0; draw < Math.min(DRAWN, images.length); draw++) {
            const image = images[draw === 0 ? random.integer(images.length) : draw - 1];
            await judgeState(run, image as (typeof images)[number], count, random, states).catch(
              (cause: Error) => {
                throw new Error(`seed ${seed + number}, after ${count} events: ${cause.message}`, { cause });
              },
            );
            states += 1;
          }
        }
      } finally {
        run.remove();
      }
    }
    console.info(
      `crash states of stores: ${states} opened, drawn from ${possible} at ${moments} moments of ${RUNS} runs with ${detached} blobs encoded anew (seed ${seed})`,
    );
    expect(states).toBeGreaterThan(40);
    expect(detached).toBeGreaterThan(0);
  },
  LONG ? 7_200_000 : 300_000,
);
