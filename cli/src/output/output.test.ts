import { expect, test } from "vitest";
import { alignColumns } from "./align-columns.ts";
import { formatCount } from "./format-count.ts";
import { formatDuration } from "./format-duration.ts";
import { formatSize } from "./format-size.ts";
import { createOutput } from "./output.ts";
import { printable } from "./printable.ts";
import { progressLine, progressText } from "./progress-line.ts";

test("sizes are IEC with three digits", () => {
  const sizes = [0, 1, 999, 1000, 1023, 1024, 10_234, 102_349, 1_048_576, 1_047_999, 5_000_000_000_000];
  expect(sizes.map(formatSize)).toEqual([
    "0 B",
    "1 B",
    "999 B",
    "0.98 KiB",
    "1.00 KiB",
    "1.00 KiB",
    "9.99 KiB",
    "100 KiB",
    "1.00 MiB",
    "1.00 MiB",
    "4.55 TiB",
  ]);
});

test("durations", () => {
  expect([0.04, 9.96, 59.4, 65, 3725, 90_000].map(formatDuration)).toEqual([
    "0.0 s",
    "10 s",
    "59 s",
    "1 min 05 s",
    "1 h 02 min",
    "1 d 1 h",
  ]);
});

test("counts", () => {
  expect([formatCount(1, "entry", "entries"), formatCount(1234567, "file")]).toEqual([
    "1 entry",
    "1,234,567 files",
  ]);
});

test("tables align by what is seen: colours take no room, wide letters two cells", () => {
  const rows = [
    ["\x1b[1mname\x1b[22m", "size"],
    ["日本", "7"],
    ["é", "123"],
  ];
  expect(alignColumns(rows, [1])).toEqual(["\x1b[1mname\x1b[22m  size", "日本     7", "é      123"]);
});

test("no control character, direction mark or invalid byte reaches the terminal", () => {
  expect(printable("a\nb\x1b[31m\u202e")).toBe("a\\nb\\u{1b}[31m\\u{202e}");
  expect(printable(Buffer.from([0x61, 0xff, 0x0a]))).toBe("a\\xff\\n");
  expect(printable("schöne 日本")).toBe("schöne 日本");
});

test("the progress line shows the rate and the time left, and fits the terminal", () => {
  const state = {
    entries: 1200,
    bytes: 50 * 1024 ** 2,
    totalEntries: 4800,
    totalBytes: 200 * 1024 ** 2,
    current: "a/b",
  };
  const line = progressText("snapshot", state, 10 * 1024 ** 2, 5, 100);
  expect(line).toBe("snapshot 25 % 1,200 of 4,800 entries, 50.0 MiB of 200 MiB, 10.0 MiB/s, 15 s left  a/b");
  expect(progressText("snapshot", { ...state, current: "x".repeat(300) }, 1e7, 5, 110)).toHaveLength(110);
  expect(progressText("snapshot", state, 1, 5, 20)).toHaveLength(20);
  // Indexes are built, rows compared: nobody knows how long that takes.
  expect(progressText("restore", { ...state, bytes: state.totalBytes, current: "verify" }, 1e7, 9, 100)).toBe(
    "restore 100 % 1,200 of 4,800 entries, 200 MiB of 200 MiB, 9.0 s  verify",
  );
});

function recorder(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
}

test("results go to standard output, the rest to standard error, progress and colour only to terminals", () => {
  for (const isTTY of [true, false]) {
    const [stdout, stderr] = [recorder(isTTY), recorder(isTTY)];
    const output = createOutput({ stdout, stderr, json: false, quiet: false, environment: {} });
    output.line(output.style("bold", "x"));
    output.record({ type: "dropped" });
    output.note("n");
    expect(stdout.written).toEqual([isTTY ? "\x1b[1mx\x1b[22m\n" : "x\n"]);
    expect(stderr.written).toEqual(["n\n"]);
  }
  const plain = createOutput({
    stdout: recorder(true),
    stderr: recorder(true),
    json: false,
    quiet: false,
    environment: { NO_COLOR: "1" },
  });
  expect(plain.style("bold", "x")).toBe("x");
});

test("with --json only objects, one a line; --quiet keeps warnings and errors", () => {
  const [stdout, stderr] = [recorder(false), recorder(false)];
  const output = createOutput({ stdout, stderr, json: true, quiet: true, environment: {} });
  output.line("dropped");
  output.record({ type: "summary", size: 12n });
  output.note("dropped");
  output.warn("w");
  output.error("e");
  expect(stdout.written).toEqual(['{"type":"summary","size":12}\n']);
  expect(stderr.written).toEqual(["warning: w\n", "datadb: e\n"]);
});

test("the progress line leaves nothing behind", async () => {
  const stream = recorder(true);
  const progress = progressLine("restore", stream);
  progress.update({ entries: 1, bytes: 1 });
  await expect.poll(() => stream.written.length).toBeGreaterThan(0);
  progress.done();
  expect(stream.written.at(-1)).toBe("\r\x1b[2K");
});

test("a terminal that says it has no columns sees the progress line", async () => {
  const stream = { ...recorder(true), columns: 0 };
  const progress = progressLine("restore", stream);
  progress.update({ entries: 1, bytes: 1 });
  await expect.poll(() => stream.written.join("")).toContain("restore 1 entries, 1 B");
  progress.done();
});
