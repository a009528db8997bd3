import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CommandWorld, commandIn, type Running } from "../testing/command-in.ts";
import { readHolderNote } from "./holder-note.ts";

const WAIT = { timeout: 30_000 };

let directory: string;
let datadb: CommandWorld;
let store: string;
const running: Running[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-death-"));
  datadb = commandIn(directory);
  store = join(directory, "home/.local/share/datadb");
});
afterEach(async () => {
  for (const { child } of running) child.kill("SIGKILL");
  await Promise.all(running.splice(0).map(({ finished }) => finished));
  rmSync(directory, { recursive: true });
});

/** A snapshot of standard input lasts as long as the test keeps it open. */
function openSnapshot(name: string): Running {
  const one = datadb.startOpen("snapshot", "-", "--name", name);
  running.push(one);
  return one;
}

/** The holder of the store, by its own note, once it listens. */
async function openHolder(name: string): Promise<Running> {
  const holder = openSnapshot(name);
  await expect.poll(() => readHolderNote(store)?.pid, WAIT).toBe(holder.child.pid);
  return holder;
}

const sockets = (): string[] => readdirSync(join(directory, "run/datadb"));

/** Bytes in the packs of data. */
function storedBytes(): number {
  const packs = join(store, "blobs");
  if (!existsSync(packs)) return 0;
  const files = readdirSync(packs, { recursive: true, encoding: "utf8" });
  return files.reduce(
    (sum, file) => sum + (/(^|\/)blobs-/.test(file) ? statSync(join(packs, file)).size : 0),
    0,
  );
}

async function names(): Promise<unknown[]> {
  const { records } = await datadb.run("ls", "--json");
  return records.filter((record) => record["type"] === "backup").map((record) => record["name"]);
}

test("a guest finishes although the holder is killed in the middle", async () => {
  const holder = await openHolder("holder");
  const guest = openSnapshot("guest");
  const content = randomBytes(32 << 20);
  guest.child.stdin!.write(content.subarray(0, 16 << 20));
  await expect.poll(storedBytes, WAIT).toBeGreaterThan(4 << 20);
  holder.child.kill("SIGKILL");
  await holder.finished;
  guest.child.stdin!.end(content.subarray(16 << 20));
  const { code, stderr } = await guest.finished;
  expect(code, stderr).toBe(0);
  expect(await names()).toEqual(["guest"]);
  expect((await datadb.run("restore", "guest", "back")).code).toBe(0);
  expect(readFileSync(join(directory, "back/guest")).equals(content)).toBe(true);
  expect((await datadb.run("check", "--read-data")).code).toBe(0);
});

test("one of several guests takes over and serves the others", async () => {
  const holder = await openHolder("holder");
  const guests = ["one", "two", "three"].map(openSnapshot);
  for (const { child } of guests) child.stdin!.write(randomBytes(9 << 20));
  await expect.poll(storedBytes, WAIT).toBeGreaterThan(9 << 20);
  holder.child.kill("SIGKILL");
  await holder.finished;
  for (const { child } of guests) child.stdin!.end(randomBytes(1 << 20));
  for (const { finished } of guests) expect((await finished).code).toBe(0);
  expect((await names()).sort()).toEqual(["one", "three", "two"]);
  expect((await datadb.run("check", "--read-data")).code).toBe(0);
});

test("what a killed holder leaves behind is in nobody's way, and is cleared away under the lock", async () => {
  const holder = await openHolder("holder");
  const left = readHolderNote(store);
  holder.child.kill("SIGKILL");
  await holder.finished;
  expect(sockets()).toHaveLength(1);
  expect(readHolderNote(store)).toEqual(left);
  expect(await names()).toEqual([]);
  expect(sockets()).toEqual([]);
  expect(readHolderNote(store)).toBeUndefined();
});

test("a holder that has been stopped is waited for as long as --lock-wait says, and named", async () => {
  const holder = await openHolder("holder");
  const pid = holder.child.pid!;
  process.kill(pid, "SIGSTOP");
  const started = Date.now();
  const { code, stderr } = await datadb.run("ls", "--lock-wait", "2s");
  process.kill(pid, "SIGCONT");
  expect([code, stderr.includes(`held by process ${pid}`)], stderr).toEqual([1, true]);
  // Long before the answer of a holder is given up for good.
  expect(Date.now() - started).toBeLessThan(9000);
  expect(await names()).toEqual([]);
});

test("a holder that is done waits for its guests, says so, and still serves", async () => {
  const holder = await openHolder("holder");
  const guest = openSnapshot("guest");
  guest.child.stdin!.write(randomBytes(9 << 20));
  await expect.poll(storedBytes, WAIT).toBeGreaterThan(1 << 20);
  holder.child.stdin!.end("short");
  await expect.poll(() => holder.printed().stderr, WAIT).toContain("waiting for 1 other process");
  expect(await names()).toEqual(["holder"]);
  guest.child.stdin!.end();
  expect((await guest.finished).code).toBe(0);
  expect((await holder.finished).code).toBe(0);
  expect((await names()).sort()).toEqual(["guest", "holder"]);
});

test("a holder that waits for guests can be interrupted: its job is done, and a guest takes over", async () => {
  const holder = await openHolder("holder");
  const guest = openSnapshot("guest");
  guest.child.stdin!.write(randomBytes(9 << 20));
  await expect.poll(storedBytes, WAIT).toBeGreaterThan(1 << 20);
  holder.child.stdin!.end("short");
  await expect.poll(() => holder.printed().stderr, WAIT).toContain("waiting for 1 other process");
  holder.child.kill("SIGTERM");
  expect((await holder.finished).code).toBe(0);
  guest.child.stdin!.end();
  expect((await guest.finished).code).toBe(0);
  expect((await names()).sort()).toEqual(["guest", "holder"]);
});

test("a holder that cannot be reached is waited for, not longer than asked, and named", async () => {
  const holder = await openHolder("holder");
  rmSync(join(directory, "run/datadb"), { recursive: true });
  const { code, stderr } = await datadb.run("ls", "--lock-wait", "1500ms");
  expect(code).toBe(1);
  expect(stderr).toContain(`process ${holder.child.pid} (datadb snapshot)`);
  const patient = datadb.start("ls", "--json");
  await expect.poll(() => patient.printed().stderr, WAIT).toContain("waiting for");
  holder.child.stdin!.end("x");
  expect((await patient.finished).records.at(0)).toMatchObject({ name: "holder" });
});

test("interrupting a snapshot: exit code 130, nothing listed, the next one works", async () => {
  const holder = await openHolder("holder");
  holder.child.stdin!.write(randomBytes(9 << 20));
  holder.child.kill("SIGINT");
  const { code, stderr } = await holder.finished;
  expect(code, stderr).toBe(130);
  expect(stderr).toContain("interrupted by SIGINT");
  expect(await names()).toEqual([]);
  expect(await datadb.pipe("x", "snapshot", "-", "--name", "holder")).toMatchObject({
    code: 0,
    signal: null,
  });
});
