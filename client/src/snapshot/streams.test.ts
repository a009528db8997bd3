import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { DatadbError, ReplyError } from "@datadb/protocol";
import { expect, it, vi } from "vitest";
import { SLAB_BYTES } from "../chunker/slab-memory.ts";
import { slabsFor } from "../ingest/worker-pool.ts";
import { backupStore } from "../testing/backup-store.ts";
import { readBack } from "../testing/read-back.ts";
import { snapshot } from "./snapshot.ts";

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error) => (error instanceof DatadbError ? error.code : String(error)),
  );

/** `count` pieces of 1 MiB, all different. */
function* pieces(count: number, pulled: (n: number) => void = () => {}): Generator<Buffer> {
  for (let i = 0; i < count; i++) {
    pulled(i + 1);
    const words = new Uint32Array(1 << 18);
    let x = i + 1;
    for (let at = 0; at < words.length; at++) {
      x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
      words[at] = x;
    }
    yield Buffer.from(words.buffer);
  }
}

it.each(["gear", "fastcdc", "rabin"] as const)("keeps a stream, however it comes (%s)", async (algorithm) => {
  const whole = Buffer.concat([...pieces(9)]);
  const store = backupStore("sha256", algorithm);
  const summary = await snapshot(
    store.embedded,
    { stdin: Readable.from(pieces(9)) },
    { name: "dump", host: "h" },
  );
  expect(summary).toMatchObject({ path: "stdin:dump", size: whole.length, source: "stdin" });
  const root = (await readBack(store.records, "sha256", summary.ref)).get("")!;
  expect(root.content.equals(whole)).toBe(true);
  expect(root.meta.name.toString()).toBe("dump");
  const odd = Readable.from(
    (function* () {
      for (let at = 0; at < whole.length; at += 77_777) yield whole.subarray(at, at + 77_777);
    })(),
  );
  const again = await snapshot(store.embedded, { stdin: odd }, { name: "dump", host: "h" });
  expect(again.bytes.read).toBe(whole.length);
  expect(again.bytes.new).toBeLessThan(1000); // the same chunks: only the root meta differs, by its time
});

it("lists the output of a command only when it succeeds", async () => {
  const store = backupStore();
  const run = (script: string, allowEmpty = false) =>
    snapshot(store.embedded, { command: ["sh", "-c", script] }, { name: "c", allowEmpty });
  const { ref } = await run("echo output; echo 'a remark' >&2");
  expect((await readBack(store.records, "sha256", ref)).get("")?.content.toString()).toBe("output\n");
  const failed = run("echo half; echo 'out of luck' >&2; exit 3");
  await expect(failed).rejects.toMatchObject({
    code: "COMMAND_FAILED",
    message: expect.stringContaining("status 3:\nout of luck"),
  });
  expect(await code(snapshot(store.embedded, { command: ["/no/such/program"] }, { name: "c" }))).toBe(
    "COMMAND_FAILED",
  );
  expect(await code(run("true"))).toBe("EMPTY_SOURCE");
  expect(store.backups.length).toBe(1);
  expect((await run("true", true)).size).toBe(0);
});

it("refuses an empty standard input, and streams without a name", async () => {
  const store = backupStore();
  const empty = (): { stdin: Readable } => ({ stdin: Readable.from([]) });
  expect(await code(snapshot(store.embedded, empty(), { name: "x" }))).toBe("EMPTY_SOURCE");
  expect(await code(snapshot(store.embedded, empty()))).toBe("USAGE");
  expect(store.backups).toEqual([]);
});

it.each(["embedded", "remote"] as const)("reads no further than its memory allows (%s)", async (way) => {
  const store = backupStore();
  let pulled = 0;
  let stored = 0;
  let most = 0;
  store.onPut = () => {
    stored += 1;
    // About 14 chunks a MiB are on their way at most for each slab, and what is being filled.
    most = Math.max(most, pulled - stored / 14);
    return new Promise((resolve) => setImmediate(resolve));
  };
  const stdin = Readable.from(
    pieces(200, (n) => (pulled = n)),
    { highWaterMark: 1 },
  );
  await snapshot(store[way], { stdin }, { name: "big", jobs: 2 });
  expect(pulled).toBe(200);
  expect(most).toBeLessThan((slabsFor(2) * SLAB_BYTES) / (1 << 20) + 16);
});

it("stops when it is told to, and goes on where it was", async () => {
  const store = backupStore();
  const controller = new AbortController();
  let puts = 0;
  store.onPut = () => {
    if (++puts === 300) controller.abort();
  };
  const run = (signal?: AbortSignal) =>
    snapshot(
      store.embedded,
      { stdin: Readable.from(pieces(60)) },
      { name: "s", ...(signal ? { signal } : {}) },
    );
  expect(await code(run(controller.signal))).toBe("INTERRUPTED");
  expect(store.backups).toEqual([]);
  const there = store.counts["put-data"]!;
  expect(there).toBeGreaterThan(200);
  store.onPut = () => {};
  const { ref } = await run();
  const root = (await readBack(store.records, "sha256", ref)).get("")!;
  expect(root.content.length).toBe(60 << 20);
  // Nothing was put twice.
  expect(store.counts["put-data"]).toBe(
    [...store.records.keys()].filter((key) => key.startsWith("data")).length,
  );
});

it("fails with what the store says, and lists nothing", async () => {
  const store = backupStore();
  let puts = 0;
  store.onPut = () => {
    if (++puts === 50) throw new DatadbError("DISK_FULL", "no space left");
  };
  const run = snapshot(store.embedded, { stdin: Readable.from(pieces(40)) }, { name: "s" });
  expect(await code(run)).toBe("DISK_FULL");
  expect(store.backups).toEqual([]);
});

it("ends a command whose output is no longer wanted", async () => {
  const store = backupStore();
  store.onPut = () => {
    throw new DatadbError("DISK_FULL", "no space left");
  };
  const pidFile = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "datadb-command-")), "pid");
  const command = ["sh", "-c", `echo $$ > ${pidFile}; exec yes 0123456789`];
  expect(await code(snapshot(store.embedded, { command }, { name: "c" }))).toBe("DISK_FULL");
  const pid = Number(fs.readFileSync(pidFile, "utf8"));
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow());
  fs.rmSync(path.dirname(pidFile), { recursive: true });
});

it("runs a command again when its lease was lost at the end; a stream has gone by", async () => {
  const store = backupStore();
  /** The store, whose first commit is too late. */
  const late = (): typeof store.embedded => {
    let commits = 0;
    return {
      ...store.embedded,
      call: (command, ...words) => {
        if (command === "TXCOMMIT" && commits++ === 0)
          return Promise.reject(new ReplyError("LEASELOST the backup refers to what is not there"));
        return store.embedded.call(command, ...words);
      },
    };
  };
  const { ref } = await snapshot(late(), { command: ["echo", "output"] }, { name: "late" });
  expect((await readBack(store.records, "sha256", ref)).get("")?.content.toString()).toBe("output\n");
  const stream = snapshot(late(), { stdin: Readable.from([Buffer.from("once")]) }, { name: "late stream" });
  await expect(stream).rejects.toMatchObject({
    code: "LEASE_LOST",
    message: expect.stringContaining("standard input"),
    next: expect.stringContaining("datadb snapshot -- COMMAND"),
  });
  expect(store.backups.length).toBe(1);
});
