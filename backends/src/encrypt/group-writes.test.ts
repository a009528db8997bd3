import { describe, expect, test } from "vitest";
import { createMemoryIndex } from "../memory-index.ts";
import type { RecordIndex, TellPuts } from "../record-index.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { groupWrites } from "./group-writes.ts";

const seed = runSeed();

/** Tells puts in memory that is used again. */
function telling(puts: readonly (readonly [Buffer, Buffer])[]): TellPuts {
  return (put) => {
    const [key, value] = [Buffer.alloc(2), Buffer.alloc(2)];
    for (const [own, ownValue] of puts) {
      key.set(own);
      value.set(ownValue);
      put(key, value);
    }
  };
}

/** An index whose writes take turns with everything else, and what was asked of it. */
function slow(index: RecordIndex): RecordIndex & { writes: { puts: number; durable: boolean }[] } {
  const writes: { puts: number; durable: boolean }[] = [];
  return {
    ...index,
    writes,
    async write(puts, removes, options) {
      let count = puts.length;
      options?.more?.(() => {
        count += 1;
      });
      writes.push({ puts: count, durable: options?.durable ?? false });
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      await index.write(puts, removes, options);
    },
  };
}

async function everything(index: RecordIndex): Promise<string[]> {
  const found: string[] = [];
  for await (const [key, value] of index.entries(Buffer.from([0]), Buffer.from([255])))
    found.push(`${key.toString("hex")}=${value.toString("hex")}`);
  return found;
}

describe(`writes in groups, DATADB_TEST_SEED=${seed}`, () => {
  test("leave what single ones would have left, in fewer writes", async () => {
    const random = createRandom(seed);
    const [plain, inner] = [createMemoryIndex(), slow(createMemoryIndex())];
    const grouped = groupWrites(inner);
    const key = (): Buffer => Buffer.from([1, random.integer(12)]);
    const all: Promise<void>[] = [];
    for (let call = 0; call < 400; call++) {
      const puts = Array.from({ length: random.integer(3) }, () => [key(), random.bytes(2)] as const);
      const removes = Array.from({ length: random.integer(4) === 0 ? 2 : 0 }, key);
      const told = Array.from({ length: random.integer(3) }, () => [key(), random.bytes(2)] as const);
      await plain.write([...puts, ...told], removes);
      all.push(grouped.write(puts, removes, { more: telling(told) }));
      if (random.integer(8) === 0) await all.at(-1);
    }
    await Promise.all(all);
    expect(await everything(inner)).toEqual(await everything(plain));
    expect(inner.writes.length).toBeLessThan(400);
  });

  test("one that must be durable makes its group durable; what failed fails for all of the group, and for no other", async () => {
    const inner = slow(createMemoryIndex());
    const grouped = groupWrites(inner);
    const put = (byte: number): [Buffer, Buffer][] => [[Buffer.from([1, byte]), Buffer.from([byte])]];
    const first = grouped.write(put(1), []);
    const others = [grouped.write(put(2), []), grouped.write(put(3), [], { durable: true })];
    await Promise.all([first, ...others]);
    expect(inner.writes).toEqual([
      { puts: 1, durable: false },
      { puts: 2, durable: true },
    ]);
    const real = inner.write;
    inner.write = async () => {
      inner.write = real;
      throw new Error("the disk is full");
    };
    const failing = grouped.write(put(4), []);
    const later = [grouped.write(put(5), []), grouped.write(put(6), [])];
    await expect(failing).rejects.toThrow("the disk is full");
    await Promise.all(later);
    expect(await everything(inner)).toHaveLength(5);
  });
});
