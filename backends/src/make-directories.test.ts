import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeDirectories } from "./make-directories.ts";

const home = mkdtempSync(join(tmpdir(), "datadb-test-directories-"));
afterAll(() => rmSync(home, { recursive: true }));

test("what is missing is made, for its owner, and the topmost is told", async () => {
  expect(await makeDirectories(join(home, "a/b/c"))).toBe(join(home, "a"));
  expect(statSync(join(home, "a/b/c")).mode & 0o777).toBe(0o700);
  expect(await makeDirectories(join(home, "a/b/d"))).toBe(join(home, "a/b/d"));
  expect(await makeDirectories(join(home, "a/b"))).toBeNull();
});

test("several at once make the same", async () => {
  await Promise.all(Array.from({ length: 8 }, () => makeDirectories(join(home, "x/y/z"))));
  expect(statSync(join(home, "x/y/z")).isDirectory()).toBe(true);
});

test("a file in the way, and a file system in which nothing can be made, are errors at once", async () => {
  writeFileSync(join(home, "file"), "");
  await expect(makeDirectories(join(home, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeDirectories(join(home, "file/below"))).rejects.toMatchObject({ code: "ENOTDIR" });
  if (process.platform === "linux")
    await expect(makeDirectories("/proc/datadb-test/store")).rejects.toMatchObject({ code: "ENOENT" });
});
