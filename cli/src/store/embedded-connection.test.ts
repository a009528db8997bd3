import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "./open-store.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-embedded-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = () =>
  openStore(join(directory, "store"), { create: true, environment: { XDG_RUNTIME_DIR: directory } });

test("commands are answered in order, arguments stay the caller's", async () => {
  const store = await open();
  const content = Buffer.alloc(300_000, "datadb");
  const calls = [store.call("BPUT", content), store.call("SET", "key", 7), store.call("GET", "key")];
  const [name, set, got] = await Promise.all(calls);
  expect([set, String(got)]).toEqual(["OK", "7"]);
  expect(content).toHaveLength(300_000);
  expect(String(await store.call("BGET", String(name)))).toBe(content.toString());
  await store.close();
});

test("refusals reject, and a closed connection says so", async () => {
  const store = await open();
  await expect(store.call("NONSENSE")).rejects.toThrow("unknown command");
  await store.close();
  await store.close();
  await expect(store.call("PING")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
});

test("a second one is a guest of the first, with the same facts", async () => {
  const holder = await open();
  const guest = await open();
  expect(holder.local).toBeDefined();
  expect(guest.local).toBeUndefined();
  expect(await guest.facts()).toEqual(await holder.facts());
  await guest.close();
  await holder[Symbol.asyncDispose]();
});
