import type { Connection } from "@datadb/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DEFAULTS, fakeStore } from "../testing/fake-store.ts";
import { type BackupCatalogue, createCatalogue } from "./backup-catalogue.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A catalogue of a store whose answers take as long as is set. */
function slowCatalogue(): { catalogue: BackupCatalogue; add(name: string): void; delayMs: number } {
  const store = fakeStore();
  const ref = store.root([]);
  const open = { delayMs: 0 };
  const connection: Connection = {
    ...store.connection,
    async call(...words) {
      await new Promise((resolve) => setTimeout(resolve, open.delayMs));
      return await store.connection.call(...words);
    },
  };
  const catalogue = createCatalogue(connection, () => undefined, expect.unreachable);
  const add = (name: string): void =>
    void store.backups.push({ ...DEFAULTS, name, time: "2026-01-01T00:00:00.000Z", ref });
  return Object.assign(open, { catalogue, add });
}

/** The names, and how long it took to get them. */
async function look({ catalogue }: { catalogue: BackupCatalogue }): Promise<[names: string[], ms: number]> {
  const began = performance.now();
  let names: string[] | null = null;
  const looking = catalogue.series().then((series) => {
    names = [...series.keys()];
  });
  while (names === null) await vi.advanceTimersByTimeAsync(100);
  await looking;
  return [names, performance.now() - began];
}

it("a store that does not answer is waited for once, and what is new is seen soon after it does", async () => {
  const slow = slowCatalogue();
  slow.add("old");
  expect(await look(slow)).toEqual([["old"], expect.any(Number)]);
  slow.add("new");
  slow.delayMs = 600_000;
  await vi.advanceTimersByTimeAsync(1500);
  const [names, waited] = await look(slow);
  expect(names).toEqual(["old"]);
  expect(waited).toBeLessThan(3000);
  const [, waitedAgain] = await look(slow);
  expect(waitedAgain).toBeLessThanOrEqual(100);
  await vi.advanceTimersByTimeAsync(slow.delayMs);
  expect((await look(slow))[0]).toEqual(["new", "old"]);
  slow.delayMs = 0;
  slow.add("newest");
  await vi.advanceTimersByTimeAsync(20_000);
  expect((await look(slow))[0]).toEqual(["new", "newest", "old"]);
});
