import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { buildTree } from "../testing/build-tree.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { restore } from "./restore.ts";

const before = process.env["DATADB_NATIVE"];
process.env["DATADB_NATIVE"] = "off";
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-plain-"));
afterAll(() => {
  if (before === undefined) delete process.env["DATADB_NATIVE"];
  else process.env["DATADB_NATIVE"] = before;
  fs.rmSync(dir, { recursive: true });
});

it("restores what node:fs can, says what it cannot, and ends with 3", async () => {
  const store = memoryStore();
  const pieces = [Buffer.alloc(3 << 20, "a"), Buffer.alloc(100, "b")];
  const backup = buildTree(store, {
    name: "home",
    children: [
      { name: "small", content: "small", mode: 0o640 },
      { name: "large", content: pieces },
      { name: "link", type: "symlink", target: Buffer.from("small") },
      { name: "fifo", type: "fifo" },
      { name: "noted", content: "n", xattrs: [{ name: Buffer.from("user.a"), value: Buffer.from("b") }] },
      { name: "hard1", content: "h", link: Buffer.from("hard1") },
      { name: "hard2", content: "h", link: Buffer.from("hard1") },
    ],
  });
  const warnings: string[] = [];
  const onWarning = (message: string): number => warnings.push(message);
  const summary = await restore(store.embedded, backup, "", `${dir}/out`, { onWarning });
  expect(summary.exitCode).toBe(3);
  expect(warnings).toEqual([expect.stringContaining("DATADB_NATIVE is off")]);
  expect(summary.problems.map(({ path: where, code }) => `${where} ${code}`).sort()).toEqual([
    " ENOTSUP",
    "fifo ENOTSUP",
    "noted ENOTSUP",
  ]);
  expect(fs.readdirSync(`${dir}/out`).sort()).toEqual(["hard1", "hard2", "large", "link", "noted", "small"]);
  expect(fs.readFileSync(`${dir}/out/large`).equals(Buffer.concat(pieces))).toBe(true);
  expect(fs.statSync(`${dir}/out/small`).mode & 0o777).toBe(0o640);
  expect(fs.statSync(`${dir}/out/hard1`).nlink).toBe(2);
  expect(Math.abs(fs.statSync(`${dir}/out/small`).mtimeMs - 1_600_000_000_123)).toBeLessThan(2);
  const again = await restore(store.embedded, backup, "", `${dir}/out`, { overwrite: true });
  expect(again.unchanged).toBeGreaterThanOrEqual(3);
});
