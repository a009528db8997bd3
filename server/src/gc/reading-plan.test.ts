import type { Backend, DistantReads, RecordInfo } from "@datadb/backends";
import { expect, test } from "vitest";
import { type Purpose, planReading } from "./reading-plan.ts";

const KIB = 1024;
const SIZE: number = 20 * KIB;
const PART = 0.1;

const nameOf = (pack: string, at: number): Buffer => Buffer.from(`${pack}:${at}`.padEnd(32));

/** Names say where records are: `PACK:NUMBER`. What is in `near` is at hand. Notes what is brought. */
function place(apart: number): { backend: Backend; distant: DistantReads; brought: string[] } {
  const brought: string[] = [];
  const statMany = async (_: string, names: readonly Buffer[]) =>
    names.map((name) => {
      const [pack = "", at] = name.toString().trim().split(":");
      return { pack, offset: Number(at) * apart, base: null, payloadLength: SIZE } as RecordInfo;
    });
  const distant: DistantReads = {
    expectNodes() {},
    near: (pack) => pack === "near",
    async bring(pack, from, to) {
      brought.push(pack);
      return to - from;
    },
  };
  return { backend: { statMany } as unknown as Backend, distant, brought };
}

const purpose = (at: number, ...packs: string[]): Purpose => ({
  names: packs.map((pack) => nameOf(pack, at)),
  won: SIZE,
});

test("what is at hand is read in any case, what is not when neighbours share its request", async () => {
  const { backend, distant, brought } = place(30 * KIB);
  const free = purpose(0, "near", "near");
  const many = Array.from({ length: 40 }, (_, at) => purpose(at, "near", "far"));
  const lonely = purpose(1000, "near", "far");
  const plan = await planReading(backend, distant, [lonely, ...many.toReversed(), free], PART);
  expect(plan.worth).toEqual([free, ...many]);
  expect(plan.rest).toEqual([lonely]);
  expect(await plan.bring([free])).toBe(true);
  expect(brought).toEqual([]);
  expect(await plan.bring(many)).toBe(true);
  expect(brought).toEqual(["far"]);
});

test("who needs a record that is not worth it needs none, and what is left has to pay without him", async () => {
  const { backend, distant } = place(30 * KIB);
  // Together they would pay for `far`, but the others need what lies apart from everything.
  const one = purpose(0, "far");
  const others = Array.from({ length: 5 }, (_, at) => purpose(5 + at, "far", `lonely-${at}`));
  expect((await planReading(backend, distant, [one, ...others], PART)).worth).toEqual([]);
  const enough = Array.from({ length: 10 }, (_, at) => purpose(at, "far"));
  expect((await planReading(backend, distant, [...enough, ...others], PART)).worth).toEqual(enough);
});

test("what does not stay in memory is not asked for again and again", async () => {
  const { backend, distant, brought } = place(30 * KIB);
  const many = Array.from({ length: 40 }, (_, at) => purpose(at, "far"));
  const plan = await planReading(backend, distant, many, PART);
  const answers = [];
  for (const one of many) answers.push(await plan.bring([one]));
  expect(answers.slice(0, 3)).toEqual([true, true, false]);
  expect(new Set(answers.slice(2))).toEqual(new Set([false]));
  expect(brought).toEqual(["far", "far"]);
});
