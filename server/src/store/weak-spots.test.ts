import { expect, test } from "vitest";
import { weakSpots } from "./weak-spots.ts";

const disk = { blobsfile: { path: "blobs" } };
const bucket = { s3: { bucket: "b" } };

test.each([
  ["one disk", disk, null],
  ["two disks", { mirror: [disk, { blobsfile: { path: "copy" } }] }, null],
  ["a sealed bucket", { encrypt: { key: "file:k", to: bucket } }, null],
  ["a mirror with options", { mirror: { members: [disk, bucket], required: 2 } }, null],
  ["memory", { memory: null }, "in memory alone"],
  ["memory behind a wrapper", { retry: { to: { memory: {} } } }, "in memory alone"],
  ["memory beside a disk", { mirror: [{ memory: {} }, disk] }, null],
  ["a vault with one disk", { glacier: { vault: "v", warm: disk } }, "less safely"],
  ["a vault with a mirror", { glacier: { vault: "v", warm: { mirror: [disk, bucket] } } }, null],
  ["a vault with memory", { glacier: { vault: "v", warm: { memory: {} } } }, "in memory alone"],
])("%s", (_, config, expected) => {
  expect(weakSpots(config).join()).toContain(expected ?? "");
  expect(weakSpots(config)).toHaveLength(expected === null ? 0 : 1);
});
