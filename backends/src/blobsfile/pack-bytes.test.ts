import type { BlobRecord } from "@datadb/protocol";
import { expect, test, vi } from "vitest";
import { SIMULATED_STORE_ID, simulatedStore } from "../suite/simulated-store.ts";

/** The bytes of docs/formats.md, written down by hand; checksums as `zlib.crc32` and Python's `zlib.crc32` both give them. */
const GOLDEN = [
  // header
  "44415441 4442504b 0100 01 01 00000000",
  SIMULATED_STORE_ID.toString("hex"),
  "00b0004f 95010000 00000000 00000000 00000000 00000000 00000000",
  "bfba1811",
  // raw record "hello" named 11...11
  "64526563 01 00 00 00 05000000 05000000",
  "11".repeat(32),
  "68656c6c6f",
  "0578c148",
  // zstd-delta record of 9 bytes named 22...22 on 11...11
  "64526563 01 02 00 20 09000000 03000000",
  "22".repeat(32),
  "11".repeat(32),
  "010203",
  "08ff23eb",
];

test("a pack has exactly the bytes of the format", async () => {
  vi.useFakeTimers({ now: 1_740_787_200_000, toFake: ["Date"] });
  const store = simulatedStore();
  const backend = await store.open();
  const [one, two] = [Buffer.alloc(32, 0x11), Buffer.alloc(32, 0x22)];
  const records: BlobRecord[] = [
    { kind: "data", name: one, encoding: "raw", base: null, length: 5, payload: Buffer.from("hello") },
    {
      kind: "data",
      name: two,
      encoding: "zstd-delta",
      base: one,
      length: 9,
      payload: Buffer.from([1, 2, 3]),
    },
  ];
  await backend.putMany(records);
  await backend.flush();
  vi.useRealTimers();
  expect(store.disk.content("/store/blobs/blobs-00001")!.toString("hex")).toBe(
    GOLDEN.join("").replaceAll(" ", ""),
  );
});
