/** Memory does not grow with the source: huge files, sparse files, many files. */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeResult, openWorld, type World } from "../harness/command.ts";
import { differences } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** Memory is a matter of buffers and threads: about 500 MB, whatever the size. The bench judges the budget for dumps. */
const LIMIT_BYTES = 600 * 1e6;
const HUGE_BYTES = LONG ? 8 * GIB : GIB / 2;
/** More than 32 bits count. */
const SPARSE_BYTES = LONG ? 6 * GIB : 4.125 * GIB;
const MANY_FILES = LONG ? 300_000 : 30_000;

test("a huge file and a sparse one", async () => {
  const directory = scratch("memory");
  const world = openWorld(directory);
  const source = join(directory, "huge");
  mkdirSync(source);
  const random = randomOf("memory");
  const block = random.bytes(16 * MIB);
  const huge = openSync(join(source, "huge"), "w");
  for (let at = 0; at < HUGE_BYTES; at += block.length) {
    for (let i = 0; i < block.length; i += 8192) random.bytes(8).copy(block, i);
    writeSync(huge, block, 0, block.length, at);
  }
  closeSync(huge);
  const sparse = openSync(join(source, "sparse"), "w");
  for (let i = 0; i < 16; i++)
    writeSync(sparse, block, i * MIB, MIB, Math.floor((i / 16) * SPARSE_BYTES) + random.integer(MIB));
  ftruncateSync(sparse, SPARSE_BYTES);
  closeSync(sparse);
  const store = join(directory, "store");
  const snapshot = await peak(world, ["snapshot", "--store", store, source]);
  const target = join(directory, "restored");
  const restore = await peak(world, ["restore", "--store", store, "huge", target]);
  console.info(
    `${HUGE_BYTES + SPARSE_BYTES} bytes: snapshot at most ${mb(snapshot)}, restore ${mb(restore)}`,
  );
  expect(Math.max(snapshot, restore)).toBeLessThan(LIMIT_BYTES);
  expect(await differences(source, target)).toEqual([]);
}, 900_000);

test("many files", async () => {
  const directory = scratch("many");
  const world = openWorld(directory);
  const source = join(directory, "many");
  for (let i = 0; i < MANY_FILES; i++) {
    // One directory of a third of all, the rest spread.
    const folder = join(source, i % 3 === 0 ? "all" : `d${i % 500}`);
    if (i < 1500) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `a file with a name of some length ${i}`), i % 10 === 0 ? `${i}` : "");
  }
  const store = join(directory, "store");
  const first = await peak(world, ["snapshot", "--store", store, source]);
  const second = await peak(world, ["snapshot", "--store", store, source]);
  console.info(`${MANY_FILES} files: first at most ${mb(first)}, unchanged ${mb(second)}`);
  expect(Math.max(first, second)).toBeLessThan(LIMIT_BYTES);
}, 900_000);

/** The peak resident size of the command, in bytes: VmHWM, read until it ends. */
async function peak(world: World, words: readonly string[]): Promise<number> {
  let most = 0;
  const result = await world.run(words, {
    started: (child) => {
      const timer = setInterval(() => {
        try {
          const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
          most = Math.max(most, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
        } catch {
          clearInterval(timer);
        }
      }, 20);
      child.on("exit", () => clearInterval(timer));
    },
  });
  expect(result.code, describeResult(words, result)).toBe(0);
  expect(most).toBeGreaterThan(0);
  return most;
}

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
