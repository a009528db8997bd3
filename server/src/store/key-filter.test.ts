import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createKeyFilter } from "./key-filter.ts";

const keyOf = (number: number): Buffer => createHash("sha256").update(String(number)).digest();

test("a filter of keys forgets none, and knows nearly all others for new", () => {
  const filter = createKeyFilter();
  expect(filter.mayHave(keyOf(0))).toBe(false);
  for (let number = 0; number < 20_000; number++) filter.add(keyOf(number));
  const wrong = { absent: 0, present: 0 };
  for (let number = 0; number < 20_000; number++) {
    if (!filter.mayHave(keyOf(number))) wrong.absent += 1;
    if (filter.mayHave(keyOf(20_000 + number))) wrong.present += 1;
  }
  expect(wrong.absent).toBe(0);
  expect(wrong.present).toBeLessThan(20);
  for (const short of [Buffer.from([0, 1]), Buffer.from([0, 1, 0, 0, 0, 1])]) {
    expect(filter.mayHave(short)).toBe(false);
    filter.add(short);
    expect(filter.mayHave(short)).toBe(true);
  }
});
