import { expect, test } from "vitest";
import { backendOptions } from "../backend-options.ts";
import { readS3Options } from "./s3-options.ts";

const patienceOf = (given: Record<string, unknown>, replaceable: boolean): number =>
  readS3Options(backendOptions({ bucket: "b", ...given }, "blobs.s3"), replaceable).patience;

test("an endpoint that is away is waited for, unless others have the same records; what is configured counts first", () => {
  expect(patienceOf({}, false)).toBeGreaterThanOrEqual(90_000);
  expect(patienceOf({}, true)).toBeLessThan(30_000);
  expect(patienceOf({ retrySeconds: 90 }, true)).toBe(90_000);
});
