/** Random operations on a backend and on a Map: both must agree at every step. */
import type { BlobRecord } from "@datadb/protocol";
import { fingerprint, sampleRecord } from "../suite/sample-records.ts";
import { equal } from "./claims.ts";
import type { ContractCase, ContractRun } from "./contract-case.ts";

const STEPS = 150;

interface Model {
  records: Map<string, BlobRecord>;
  /** Every record that was ever made: what is asked for. */
  made: BlobRecord[];
}

const idOf = ({ kind, name }: BlobRecord): string => `${kind} ${name.toString("hex")}`;

async function putSome(run: ContractRun, model: Model): Promise<void> {
  const count = 1 + run.random.integer(12);
  const batch = Array.from({ length: count }, () => {
    const old = model.made.length > 0 && run.random.integer(4) === 0;
    return old ? run.random.pick(model.made) : sampleRecord(run.random, run.hash);
  });
  await run.backend.putMany(batch);
  for (const record of batch) {
    model.made.push(record);
    if (!model.records.has(idOf(record))) model.records.set(idOf(record), record);
  }
}

async function removeSome(run: ContractRun, model: Model): Promise<void> {
  if (model.made.length === 0) return;
  const record = run.random.pick(model.made);
  await run.backend.removeMany(record.kind, [record.name]);
  model.records.delete(idOf(record));
}

async function compareSome(run: ContractRun, model: Model): Promise<void> {
  for (const kind of ["data", "node", "log"] as const) {
    const asked = model.made.filter((record) => record.kind === kind && run.random.integer(5) === 0);
    const names = asked.map(({ name }) => name);
    const expected = asked.map((record) => model.records.get(idOf(record)) ?? null);
    equal((await run.backend.getMany(kind, names)).map(fingerprint), expected.map(fingerprint));
    equal(
      [...(await run.backend.hasMany(kind, names))],
      expected.map((record) => (record === null ? 0 : 1)),
    );
  }
}

/** The cases. */
export const MODEL_CASES: readonly ContractCase[] = [
  {
    group: "model",
    name: `${STEPS} random operations agree with a Map`,
    async run(run, skip) {
      skip(!run.backend.capabilities.writable, "the backend is read-only");
      const model: Model = { records: new Map(), made: [] };
      for (let step = 0; step < STEPS; step++) {
        const dice = run.random.integer(20);
        if (dice < 9) await putSome(run, model);
        else if (dice < 11) await removeSome(run, model);
        else if (dice < 13)
          await run.backend.flush(run.random.pick([["data"], ["log", "node"], ["data", "node", "log"]]));
        else if (dice === 13 && run.backend.capabilities.durable) await run.reopen();
        else await compareSome(run, model);
      }
      await compareSome(run, model);
    },
  },
];
