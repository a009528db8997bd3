import { expect, test } from "vitest";
import { createMonitor, MAX_QUEUED_BYTES } from "./monitor.ts";
import { type MonitorEvent, originLine, redisLine } from "./monitor-event.ts";
import { visibleArguments } from "./visible-arguments.ts";

const visible = (...words: (string | Buffer)[]) =>
  visibleArguments(
    String(words[0]).toLowerCase(),
    words.map((word) => Buffer.from(word as string)),
  );
const event = (name: string, ...args: string[]): MonitorEvent => ({
  time: 1_700_000_000_123,
  database: "0",
  address: "127.0.0.1:42179",
  name,
  arguments: args,
});

test("the two forms of a line", () => {
  expect(originLine(event("hgetall", "2c07"))).toBe(
    "hgetall command  with args [2c07] from client: 127.0.0.1:42179",
  );
  expect(originLine(event("ping"))).toBe("ping command  with args [] from client: 127.0.0.1:42179");
  expect(redisLine(event("get", 'a"b'))).toBe('1700000000.123000 [0 127.0.0.1:42179] "get" "a\\"b"');
});

test("secrets and content are left out, bytes escaped, long arguments cut", () => {
  expect(visible("AUTH", "hunter2")).toEqual(["AUTH", "(redacted)"]);
  expect(visible("AUTH", "user", "hunter2", "hunter3")).toEqual(["AUTH", "(redacted)"]);
  expect(visible("HELLO", "3", "aUtH", "user", "hunter2", "SETNAME", "x")).toEqual([
    "HELLO",
    "3",
    "aUtH",
    "(redacted)",
    "(redacted)",
    "SETNAME",
    "x",
  ]);
  expect(visible("BPUT", "content", "KIND", "node")).toEqual(["BPUT", "(blob len:7)", "KIND", "node"]);
  expect(visible("SET", "a\r\n\ndata: x", "\x1b[2J\\é")).toEqual([
    "SET",
    "a\\x0d\\x0a\\x0adata: x",
    "\\x1b[2J\\\\\\xc3\\xa9",
  ]);
  expect(visible("SET", "k", "x".repeat(300))[2]).toBe(`${"x".repeat(256)}... (len:300)`);
});

test("a full reader loses lines, is told how many, and stops nobody", () => {
  const monitor = createMonitor();
  let queued = 0;
  const slow: string[] = [];
  const quick: string[] = [];
  const sink = (lines: string[], bytes: () => number) => ({
    write: (e: MonitorEvent) => lines.push(e.name),
    lost: (count: number) => lines.push(`lost ${count}`),
    queuedBytes: bytes,
  });
  expect(monitor.active).toBe(false);
  const removeSlow = monitor.subscribe(sink(slow, () => queued));
  const removeQuick = monitor.subscribe(sink(quick, () => 0));
  expect(monitor.readers()).toBe(2);
  monitor.publish(event("a"));
  queued = MAX_QUEUED_BYTES + 1;
  monitor.publish(event("b"));
  monitor.publish(event("c"));
  queued = 0;
  monitor.publish(event("d"));
  expect(slow).toEqual(["a", "lost 2", "d"]);
  expect(quick).toEqual(["a", "b", "c", "d"]);
  removeSlow();
  removeQuick();
  expect(monitor.active).toBe(false);
});
