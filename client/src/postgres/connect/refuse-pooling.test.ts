/** Poolers are told apart by which backends two connections are given: pretended here. */
import type pg from "pg";
import { expect, test } from "vitest";
import { isPooled, refusePooling } from "./refuse-pooling.ts";

/** Clients of a pool of backends: whoever is in no transaction gives his back, and is given the one that `next` says. */
function pool(backends: number[], next: "last" | "first", mode: "transaction" | "session") {
  const open = async (): Promise<pg.Client> => {
    let mine: number | null = null;
    let inTransaction = false;
    const query = async (sql: string) => {
      mine ??= (next === "last" ? backends.pop() : backends.shift()) ?? null;
      if (mine === null) throw new Error("would wait for ever");
      if (sql === "BEGIN") inTransaction = true;
      if (sql === "ROLLBACK") inTransaction = false;
      const pid = mine;
      if (mode === "transaction" && !inTransaction) {
        backends.push(mine);
        mine = null;
      }
      return { rows: [{ pid }] };
    };
    return { query, end: async () => {} } as unknown as pg.Client;
  };
  return open;
}

test.each([
  ["the last used first", [1, 2, 3], "last"],
  ["in turn", [1, 2, 3], "first"],
  ["of one", [1], "last"],
] as const)("a pool of transactions, %s, is refused", async (_what, backends, next) => {
  const open = pool([...backends], next, "transaction");
  await expect(refusePooling(await open(), "db:6432/app", open)).rejects.toThrow(
    /^db:6432\/app is reached through a pooler/,
  );
});

test("a pool of sessions is not, nor one that has no other session", async () => {
  const open = pool([1, 2, 3], "last", "session");
  await refusePooling(await open(), "db", open);
  await refusePooling(await open(), "db", () => Promise.reject(new Error("too many connections")));
});

test("nothing is between where the server's own key came", () => {
  const client = { processID: 7 } as unknown as pg.Client;
  expect([isPooled(client, 7), isPooled(client, 8)]).toEqual([false, true]);
});
