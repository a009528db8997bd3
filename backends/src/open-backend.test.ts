import { describe, expect, test } from "vitest";
import type { BackendConfig } from "./backend-options.ts";
import { simulatedStore } from "./suite/simulated-store.ts";

describe("configuration", () => {
  const mistakes: [string, unknown, string][] = [
    ["no backend", {}, "blobs: expected exactly one backend, found none"],
    ["a list", [], "blobs: expected a backend"],
    ["two backends", { memory: {}, blobsfile: {} }, "found memory, blobsfile"],
    ["an unknown backend", { floppy: {} }, "blobs.floppy: unknown backend (known: blobsfile, encrypt, "],
    [
      "an unknown option",
      { blobsfile: { path: "blobs", fsync: false } },
      "blobs.blobsfile.fsync: unknown option",
    ],
    ["an option where none is", { memory: { size: 1 } }, "blobs.memory.size: unknown option (known: none)"],
    ["a wrong type", { blobsfile: { path: 5 } }, "blobs.blobsfile.path: expected a text"],
    ["an empty text", { blobsfile: { path: "" } }, "blobs.blobsfile.path: expected a text"],
    [
      "a number out of range",
      { blobsfile: { maxPackBytes: 10 } },
      "blobs.blobsfile.maxPackBytes: expected an integer",
    ],
    ["a missing key", { "read-only": {} }, "blobs.read-only.to: missing"],
    ["options that are a text", { blobsfile: "blobs" }, "blobs.blobsfile: expected options"],
    [
      "a mistake deep inside",
      { "read-only": { to: { blobsfile: { pth: "x" } } } },
      "blobs.read-only.to.blobsfile.pth: unknown",
    ],
  ];

  test.each(mistakes)("%s is an error that names the key", async (_, config, message) => {
    const store = simulatedStore();
    await expect(store.open(config as BackendConfig)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(message),
    });
    expect(store.disk.calls.open).toBe(0);
  });

  test("options may be left out where all have defaults", async () => {
    for (const config of [{ memory: null }, { blobsfile: null }, { "read-only": { to: { memory: {} } } }]) {
      await (await simulatedStore().open(config)).close();
    }
  });

  test("a wrapper does not change the index of what it wraps", async () => {
    const store = simulatedStore();
    await (await store.open({ blobsfile: { path: "a/b" } })).close();
    await (await store.open({ "read-only": { to: { blobsfile: { path: "a/b" } } } })).close();
    expect([...store.indexes.keys()]).toEqual(["blobsfile:a%2Fb"]);
  });
});
