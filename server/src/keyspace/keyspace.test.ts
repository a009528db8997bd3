/** The keyspace against a model, through commits, transactions and reopenings. */
import { ReplyError } from "@datadb/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../database.ts";
import { createScratchStore, type ScratchStore, testSeed } from "../store/scratch-store.ts";
import {
  hashEntries,
  hashGet,
  hashLength,
  keyType,
  listGet,
  listRange,
  readString,
  setHas,
  setMembers,
} from "./index.ts";
import { applyToModel, type Model, randomOperation, seededRandom } from "./random-operations.ts";
import { modelText, readModel } from "./read-model.ts";

let store: ScratchStore;
beforeAll(async () => {
  store = await createScratchStore();
});
afterAll(() => store.remove());

/** Commits some operations at once and checks every result against the model. */
async function commitSome(
  database: Database,
  model: Model,
  random: (below: number) => number,
): Promise<void> {
  const waits: Promise<void>[] = [];
  for (let i = random(40); i >= 0; i -= 1) {
    const operation = randomOperation(random);
    let expected: number | string;
    try {
      expected = applyToModel(model, operation);
    } catch (error) {
      expected = (error as ReplyError).kind;
    }
    const check = (error: Error | null, result: number): void => {
      expect(error === null ? result : (error as ReplyError).kind, JSON.stringify(operation.op)).toBe(
        expected,
      );
    };
    waits.push(
      new Promise((resolve, reject) =>
        database.commits.submit(operation, (error, result) => {
          try {
            check(error, result);
            resolve();
          } catch (failure) {
            reject(failure);
          }
        }),
      ),
    );
  }
  await Promise.all(waits);
}

test("random operations do what the model does, also after reopening", async () => {
  const random = seededRandom(testSeed());
  const model: Model = new Map();
  for (let round = 0; round < 6; round += 1) {
    const database = await store.open();
    expect(modelText(await readModel(database.keyspace))).toEqual(modelText(model));
    for (let i = 0; i < 12; i += 1) await commitSome(database, model, random);
    expect(modelText(await readModel(database.keyspace))).toEqual(modelText(model));
    await database.close();
  }
});

test("a transaction sees its own operations, the others see none of them", async () => {
  const random = seededRandom(testSeed());
  await using database = await store.open();
  const before = modelText(await readModel(database.keyspace));
  const model = await readModel(database.keyspace);
  const transaction = database.commits.begin();
  for (let i = 0; i < 300; i += 1) {
    const operation = randomOperation(random);
    let expected: number | null = null;
    try {
      expected = applyToModel(model, operation);
    } catch {
      // Refused by both.
    }
    const adding = (async () => transaction.add(operation))();
    if (expected === null) await expect(adding).rejects.toBeInstanceOf(ReplyError);
    else expect(await adding).toBe(expected);
  }
  expect(modelText(await readModel(transaction.view))).toEqual(modelText(model));
  expect(modelText(await readModel(database.keyspace))).toEqual(before);
  await database.commits.commit(transaction.operations);
  expect(modelText(await readModel(database.keyspace))).toEqual(modelText(model));
});

describe("ranges", () => {
  const name = Buffer.from("ranges");
  const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

  test("have bounds, a direction and a limit, whatever the size of the hash", async () => {
    await using database = await store.open();
    for (const count of [5, 500]) {
      const key = bytes(`hash${count}`);
      const fields = Array.from({ length: count }, (_, i) => bytes(`f${String(i).padStart(4, "0")}`));
      await database.commits.commit([
        { op: "hset", database: name, key, entries: fields.map((field) => [field, field] as const) },
      ]);
      const read = async (range: object): Promise<string[]> =>
        (await hashEntries(database.keyspace, name, key, range)).map(([field]) => field.toString());
      expect(hashLength(database.keyspace, name, key)).toBe(count);
      expect(hashGet(database.keyspace, name, key, bytes("f0003"))?.toString()).toBe("f0003");
      expect(hashGet(database.keyspace, name, key, bytes("f9"))).toBeNull();
      expect(await read({ from: bytes("f0001"), to: bytes("f0004") })).toEqual(["f0001", "f0002", "f0003"]);
      expect(await read({ from: bytes("f0001"), limit: 2 })).toEqual(["f0001", "f0002"]);
      expect(await read({ to: bytes("f0003"), reverse: true, limit: 2 })).toEqual(["f0002", "f0001"]);
      expect(await read({ limit: 0 })).toEqual([]);
    }
  });

  test("lists keep their order up to the greatest index, sets members of 0xff bytes", async () => {
    await using database = await store.open();
    const key = bytes("\xff\xff");
    const greatest = 2n ** 64n - 1n;
    await database.commits.commit([
      {
        op: "ladd",
        database: name,
        key,
        entries: [
          [greatest, bytes("z")],
          [0n, bytes("")],
          [2n ** 32n, bytes("m")],
        ],
      },
      { op: "sadd", database: name, key: bytes("s"), members: [bytes("\xff\xff"), bytes("\xff"), bytes("")] },
    ]);
    const view = database.keyspace;
    expect(await listRange(view, name, key)).toEqual([
      [0n, bytes("")],
      [2n ** 32n, bytes("m")],
      [greatest, bytes("z")],
    ]);
    expect(await listRange(view, name, key, { to: greatest, reverse: true, limit: 1 })).toEqual([
      [greatest, bytes("z")],
    ]);
    expect(await listRange(view, name, key, { from: 1n, to: 2n ** 32n })).toEqual([[2n ** 32n, bytes("m")]]);
    expect(listGet(view, name, key, 0n)).toEqual(bytes(""));
    expect(await setMembers(view, name, bytes("s"))).toEqual([bytes(""), bytes("\xff"), bytes("\xff\xff")]);
    expect(setHas(view, name, bytes("s"), bytes("\xff\xff"))).toBe(true);
    expect(keyType(view, name, bytes("s"))).toBe("set");
    expect(() => readString(view, name, bytes("s"))).toThrow("WRONGTYPE");
  });
});
