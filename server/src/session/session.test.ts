/** Scans, and sessions without a wire. */
import { plainReply, type Reply } from "@datadb/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, type TestServer } from "../testing/test-server.ts";
import { CommandOrder } from "./command-order.ts";
import { serverState } from "./server-state.ts";
import { Session } from "./session.ts";
import { WriteGate } from "./write-gate.ts";

let server: TestServer;
let session: Session;

beforeAll(async () => {
  server = await openTestServer();
  session = new Session(server.database, { address: "embedded" });
});
afterAll(() => server.close());

const run = async (...words: (string | number)[]) =>
  plainReply(await session.execute(words.map((word) => Buffer.from(String(word)))));

test("an embedded session runs commands in order without awaiting, and is seen by monitors", async () => {
  const seen: string[] = [];
  const { monitor } = serverState(server.database);
  const stop = monitor.subscribe({
    write: (event) => seen.push(`${event.name} ${event.address}`),
    lost: () => {},
    queuedBytes: () => 0,
  });
  const replies = await Promise.all([
    run("SET", "e", 1),
    run("GET", "e"),
    run("SET", "e", 2),
    run("GET", "e"),
  ]);
  stop();
  expect(replies.map(String)).toEqual(["OK", "1", "OK", "2"]);
  expect(seen).toEqual(["set embedded", "get embedded", "set embedded", "get embedded"]);
  await expect(run("MONITOR")).rejects.toThrow("ERR MONITOR needs a connection of its own");
});

test("scans give every key once, also with cursors that the server has forgotten", async () => {
  await run("SELECT", "scan");
  const expected = Array.from({ length: 537 }, (_none, i) => `key ${i}`).sort();
  await Promise.all(expected.map((key) => run("SET", key, "x")));
  for (const forget of [false, true]) {
    const found: string[] = [];
    let cursor = "0";
    do {
      if (forget) serverState(server.database).cursors.clear();
      const [next, keys] = (await run("SCAN", cursor, "COUNT", 50)) as [Buffer, Buffer[]];
      found.push(...keys.map(String));
      cursor = String(next);
      expect(BigInt(cursor) < 2n ** 64n).toBe(true);
    } while (cursor !== "0");
    expect(found).toEqual(expected);
  }
});

test("a scan whose last key is gone begins again and leaves nothing out", async () => {
  await run("SELECT", "scan2");
  for (const key of ["a", "b", "c", "d"]) await run("SET", key, "x");
  const [cursor, first] = (await run("SCAN", 0, "COUNT", 2)) as [Buffer, Buffer[]];
  await run("DEL", "b");
  serverState(server.database).cursors.clear();
  const [, rest] = (await run("SCAN", String(cursor), "COUNT", 10)) as [Buffer, Buffer[]];
  expect([...first, ...rest].map(String)).toEqual(expect.arrayContaining(["a", "c", "d"]));
});

test("BSCAN gives every blob once, data then nodes", async () => {
  const names = new Set<string>();
  for (let i = 0; i < 60; i++) names.add(String(await run("BPUT", `blob ${i}`)));
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, page] = (await run("BSCAN", cursor, "COUNT", 7)) as [Buffer, Buffer[]];
    found.push(...page.map(String));
    cursor = String(next);
  } while (cursor !== "0");
  expect(new Set(found)).toEqual(names);
  expect(found).toHaveLength(names.size);
});

test("the order of commands: writes together, reads behind them, everything behind what changes the session", async () => {
  const order = new CommandOrder();
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const command = (turn: "read" | "write" | "barrier" | "exclusive", name: string): void => {
    const begin = (): Reply | Promise<Reply> => {
      log.push(name);
      return turn === "read" ? null : new Promise((resolve) => ends.set(name, () => resolve(null)));
    };
    if (!order.free(turn)) {
      void order.later(turn, begin);
      return;
    }
    const reply = begin();
    if (reply instanceof Promise) order.begun(turn, reply);
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)!();
    await new Promise(setImmediate);
  };
  command("write", "w1");
  command("write", "w2");
  command("read", "r1");
  command("write", "w3");
  expect(log).toEqual(["w1", "w2"]);
  await end("w1");
  expect(log).toEqual(["w1", "w2"]);
  await end("w2");
  expect(log).toEqual(["w1", "w2", "r1", "w3"]);
  command("exclusive", "x");
  command("write", "w4");
  await end("w3");
  expect(log.slice(4)).toEqual(["x"]);
  await end("x");
  expect(log.slice(4)).toEqual(["x", "w4"]);
  command("barrier", "b");
  await end("w4");
  expect(log.slice(6)).toEqual(["b"]);
});

test("the write gate lets ordinary writes in together and proving ones alone, in order", async () => {
  const gate = new WriteGate();
  const log: string[] = [];
  const enter = (name: string, alone: boolean) => gate.enter(alone).then(() => log.push(name));
  await Promise.all([enter("a", false), enter("b", false)]);
  void enter("p", true);
  void enter("c", false);
  await new Promise(setImmediate);
  expect(log).toEqual(["a", "b"]);
  gate.leave();
  gate.leave();
  await new Promise(setImmediate);
  expect(log).toEqual(["a", "b", "p"]);
  gate.leave();
  await new Promise(setImmediate);
  expect(log).toEqual(["a", "b", "p", "c"]);
});
