/** A store that was copied while a process held it: the note in the copy leads to the original. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CommandWorld, commandIn } from "../testing/command-in.ts";
import { readHolderNote, writeHolderNote } from "./holder-note.ts";

let directory: string;
let datadb: CommandWorld;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-copied-"));
  datadb = commandIn(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a note counts only in the directory that it was written for", () => {
  const [original, copy] = [join(directory, "original"), join(directory, "copy")];
  mkdirSync(original);
  writeHolderNote(original, { pid: 1, job: "server", socket: "/run/one.sock" });
  cpSync(original, copy, { recursive: true });
  expect(readHolderNote(original)).toMatchObject({ pid: 1, job: "server", socket: "/run/one.sock" });
  expect(readHolderNote(copy)).toBeUndefined();
});

test("commands on a copy work on the copy while the original is held", async () => {
  const [original, copy] = [join(directory, "original"), join(directory, "copy")];
  mkdirSync(join(directory, "source"));
  writeFileSync(join(directory, "source/a"), "content");
  const holder = datadb.startOpen("snapshot", "-", "--name", "held", "--store", original);
  try {
    await expect.poll(() => readHolderNote(original)?.pid, { timeout: 30_000 }).toBe(holder.child.pid);
    cpSync(original, copy, { recursive: true });
    expect(await datadb.run("snapshot", "source", "--store", copy)).toMatchObject({ code: 0 });
    const listed = async (store: string): Promise<unknown[]> => {
      const { records } = await datadb.run("ls", "--json", "--store", store);
      return records.filter(({ type }) => type === "backup").map(({ name }) => name);
    };
    expect(await listed(copy)).toEqual(["source"]);
    expect(await listed(original)).toEqual([]);
  } finally {
    holder.child.kill("SIGKILL");
    await holder.finished;
  }
});
