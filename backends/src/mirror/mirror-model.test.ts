/** Random changes while members go down, come back, lose everything and are killed: in the end all of them equal a Map. */
import type { BlobRecord } from "@datadb/protocol";
import { RECORD_KINDS } from "@datadb/protocol";
import { expect, test, vi } from "vitest";
import type { Backend } from "../backend.ts";
import { fingerprint, sampleRecord } from "../suite/sample-records.ts";
import { createRandom, type Random, runSeed } from "../suite/seeded-random.ts";
import { type MirrorWorld, mirrorWorld } from "./mirror-world.ts";

const LONG = process.env["DATADB_TEST_LONG"] === "1";
const RUNS = LONG ? 300 : 12;
const STEPS = 80;

const idOf = ({ kind, name }: BlobRecord): string => `${kind} ${name.toString("hex")}`;

interface Run {
  readonly world: MirrorWorld;
  readonly random: Random;
  mirror: Backend;
  readonly records: Map<string, BlobRecord>;
  readonly made: BlobRecord[];
  /** Changed since the last flush: a crash may undo it. */
  touched: Set<string>;
  readonly counts: Record<string, number>;
}

/** A difference now and then, whose base is there. */
function newRecord({ random, records }: Run): BlobRecord {
  const record = sampleRecord(random, "sha256", { encoding: "raw" });
  const bases = [...records.values()].filter(({ kind }) => kind === record.kind);
  if (bases.length === 0 || record.kind === "log" || random.integer(3) > 0) return record;
  return { ...record, encoding: "zstd-delta", base: random.pick(bases).name, length: record.length + 1 };
}

async function put(run: Run): Promise<void> {
  const batch: BlobRecord[] = [];
  for (let count = run.random.integer(10); count >= 0; count--) batch.push(newRecord(run));
  await run.mirror.putMany(batch);
  for (const record of batch) {
    run.records.set(idOf(record), record);
    run.touched.add(idOf(record));
    run.made.push(record);
  }
}

async function remove(run: Run): Promise<void> {
  const bases = new Set(
    [...run.records.values()].map(({ kind, base }) => `${kind} ${base?.toString("hex")}`),
  );
  const free = [...run.records.values()].filter((record) => !bases.has(idOf(record)));
  if (free.length === 0) return;
  const gone = run.random.pick(free);
  await run.mirror.removeMany(gone.kind, [gone.name]);
  run.records.delete(idOf(gone));
  run.touched.add(idOf(gone));
}

async function flush(run: Run): Promise<void> {
  await run.mirror.flush();
  run.touched.clear();
}

async function replace(run: Run): Promise<void> {
  const deltas = [...run.records.values()].filter(({ encoding }) => encoding === "zstd-delta");
  if (deltas.length === 0) return;
  const old = run.random.pick(deltas);
  const record: BlobRecord = { ...old, encoding: "raw", base: null, length: old.payload.length };
  await run.mirror.replaceMany(old.kind, [record]);
  run.records.set(idOf(old), record);
  run.touched.add(idOf(old));
  // Until then the old record may be what is read.
  await flush(run);
}

async function compare(run: Run): Promise<void> {
  for (const kind of RECORD_KINDS) {
    const asked = run.made.filter((record) => record.kind === kind && run.random.integer(3) === 0);
    const names = asked.map(({ name }) => name);
    const expected = asked.map((record) => run.records.get(idOf(record)) ?? null);
    const found = await run.mirror.getMany(kind, names);
    const wrong = expected.findIndex((record, at) => fingerprint(found[at] ?? null) !== fingerprint(record));
    expect(fingerprint(found[wrong] ?? null)).toBe(fingerprint(expected[wrong] ?? null));
    expect([...(await run.mirror.hasMany(kind, names))]).toEqual(expected.map((one) => (one ? 1 : 0)));
  }
}

async function someUp(run: Run): Promise<void> {
  run.mirror.mirror?.wake();
  await vi.waitFor(
    () => expect(run.mirror.mirror?.status().some(({ state }) => state === "up")).toBe(true),
    60_000,
  );
}

async function allUp(run: Run): Promise<void> {
  run.world.down.fill(false);
  await vi.waitFor(
    () => {
      run.mirror.mirror?.wake();
      expect(run.mirror.mirror?.status().map(({ state }) => state)).toEqual(run.world.down.map(() => "up"));
    },
    { timeout: 60_000, interval: 2 },
  );
}

/** The process is killed; what no flush covered may be as before or as after. */
async function crash(run: Run): Promise<void> {
  const old = run.mirror;
  run.world.crash();
  await old.close().catch(() => undefined);
  run.world.down.fill(false);
  run.mirror = await run.world.open();
  for (const record of run.made) {
    if (!run.touched.has(idOf(record))) continue;
    const [found] = await run.mirror.getMany(record.kind, [record.name]);
    if (found) run.records.set(idOf(record), found);
    else run.records.delete(idOf(record));
  }
  run.touched.clear();
  // What survived in one member alone was promised to nobody: it is with all of them before something else happens.
  for await (const _ of run.mirror.mirror?.compare({ mend: true }) ?? []);
}

async function restart(run: Run): Promise<void> {
  await run.mirror.close();
  run.touched.clear();
  // One that has everything is there; the others may be away.
  const ups = run.world.down.indexOf(false);
  run.mirror = await run.world.open().catch(async () => {
    run.world.down.fill(false);
    return await run.world.open();
  });
  expect(ups).toBeGreaterThanOrEqual(0);
}

/** All packs of a member vanish while nobody looks. */
async function loseMember(run: Run): Promise<void> {
  await allUp(run);
  await run.mirror.close();
  run.touched.clear();
  const member = run.random.integer(run.world.down.length);
  run.world.empty(member);
  run.mirror = await run.world.open();
  const [status] = run.mirror.mirror?.status().filter(({ member: one }) => one === member + 1) ?? [];
  if (status?.state === "down") await run.mirror.mirror?.refill(member + 1);
}

async function toggle(run: Run): Promise<void> {
  const member = run.random.integer(run.world.down.length);
  run.world.down[member] = !run.world.down[member];
  // One that is never away: otherwise nothing could be done.
  if (run.world.down.every((down) => down)) run.world.down[member] = false;
  await vi.waitFor(
    () => {
      run.mirror.mirror?.wake();
      const left = run.mirror.mirror?.status().filter(({ state, member: one }) => {
        return state === "up" && !run.world.down[one - 1];
      });
      if (left?.length === 0) run.world.down.fill(false);
      expect(left).not.toEqual([]);
    },
    { timeout: 60_000, interval: 2 },
  );
}

const STEP_TABLE: [number, string, (run: Run) => Promise<void>][] = [
  [10, "put", put],
  [4, "remove", remove],
  [2, "replace", replace],
  [4, "flush", flush],
  [5, "compare", compare],
  [5, "toggle", toggle],
  [2, "restart", restart],
  [2, "crash", crash],
  [1, "loseMember", loseMember],
];

async function step(run: Run): Promise<void> {
  let dice = run.random.integer(STEP_TABLE.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, name, work] of STEP_TABLE) {
    dice -= weight;
    if (dice >= 0) continue;
    await work(run);
    run.counts[name] = (run.counts[name] ?? 0) + 1;
    await someUp(run);
    return;
  }
}

async function equalsModel(run: Run, member: number): Promise<void> {
  const alone = await run.world.openAlone(member);
  for (const kind of RECORD_KINDS) {
    const asked = run.made.filter((record) => record.kind === kind);
    const expected = asked.map((record) => run.records.get(idOf(record)) ?? null);
    for (const [at, record] of asked.entries()) {
      // Removed ones may be in packs that were read anew: nobody counts on their absence.
      if (expected[at] === null) continue;
      const [found] = await alone.getMany(kind, [record.name]);
      expect(fingerprint(found ?? null)).toBe(fingerprint(expected[at] as BlobRecord));
    }
  }
  await alone.close();
}

test(
  "members equal the model after any course of events",
  async () => {
    const seed = runSeed();
    const counts: Record<string, number> = {};
    for (let number = 0; number < RUNS; number++) {
      const random = createRandom(seed + number);
      const world = mirrorWorld(2 + random.integer(2));
      const run: Run = {
        ...{ world, random, counts, records: new Map(), made: [], touched: new Set<string>() },
        mirror: await world.open(),
      };
      try {
        for (let at = 0; at < STEPS; at++) await step(run);
        await allUp(run);
        await compare(run);
        const differences: string[] = [];
        for await (const { message } of run.mirror.mirror?.compare({ read: RECORD_KINDS }) ?? [])
          differences.push(message);
        expect(differences).toEqual([]);
        await run.mirror.close();
        for (const member of world.down.keys()) await equalsModel(run, member);
      } catch (cause) {
        const said = world.warnings.slice(-5).join("\n");
        throw new Error(`DATADB_TEST_SEED=${seed + number}: ${(cause as Error).message}\n${said}`, { cause });
      }
    }
    console.info(`mirror model: ${RUNS} runs of ${STEPS} steps (seed ${seed}): ${JSON.stringify(counts)}`);
  },
  LONG ? 3_600_000 : 240_000,
);
