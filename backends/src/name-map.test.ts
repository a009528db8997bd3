import { describe, expect, test } from "vitest";
import { createNameMap } from "./name-map.ts";
import { createRandom, runSeed } from "./suite/seeded-random.ts";

interface Value {
  readonly key: Buffer;
  readonly number: number;
}

const seed = runSeed();

const keyOf = (name: Buffer): Buffer => Buffer.concat([Buffer.from([1]), name]);

describe(`a map by names, seed ${seed}`, () => {
  test.each([20, 32])("is what a Map by their text is, with names of %i bytes", (length) => {
    const random = createRandom(seed);
    // Few beginnings, so that names meet at the same places.
    const names = Array.from({ length: 1500 }, () =>
      Buffer.concat([Buffer.alloc(8, random.integer(40)), random.bytes(length - 8)]),
    );
    const map = createNameMap<Value>(({ key }) => key);
    const model = new Map<string, Value>();
    for (let step = 0; step < 6000; step++) {
      // Grows first, and shrinks to nothing in the end.
      const name = names[random.integer(names.length)]!;
      const id = name.toString("hex");
      if (random.integer(6000) > step) {
        const value = { key: keyOf(name), number: step };
        map.set(name, value);
        model.set(id, value);
      } else expect(map.delete(name)).toBe(model.delete(id));
      const other = names[random.integer(names.length)]!;
      expect(map.get(other)).toBe(model.get(other.toString("hex")));
      expect(map.has(other)).toBe(model.has(other.toString("hex")));
      expect(map.size).toBe(model.size);
    }
    expect(new Set(map.values())).toEqual(new Set(model.values()));
    for (const { key } of model.values()) expect(map.delete(key.subarray(1))).toBe(true);
    expect([map.size, map.values(), map.get(names[0]!)]).toEqual([0, [], undefined]);
  });
});
