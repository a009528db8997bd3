import { EFFORT_BYTES } from "@datadb/protocol";
import { expect, test } from "vitest";
import { effortBucket } from "./effort-bucket.ts";

test("what was spent comes back with time, and never more than there was at first", () => {
  let now = 1000;
  const bucket = effortBucket(() => now);
  expect(bucket().left).toBe(EFFORT_BYTES);
  bucket().left = 0;
  expect(bucket().left).toBe(0);
  now += 5 * 60 * 1000;
  expect(bucket().left).toBeCloseTo(EFFORT_BYTES / 2);
  bucket().left -= 1000;
  expect(bucket().left).toBeCloseTo(EFFORT_BYTES / 2 - 1000);
  now += 3_600_000;
  expect(bucket().left).toBe(EFFORT_BYTES);
});
