import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandWorld, commandIn } from "./testing/command-in.ts";

let directory: string;
let datadb: CommandWorld;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb command "));
  datadb = commandIn(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("the command, through its launcher", () => {
  test("prints its version and its help", async () => {
    const version = await datadb.run("--version");
    expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^datadb \d+\.\d+\.\d+\n$/)]);
    const help = await datadb.run("--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect((await datadb.run("help", "ls")).stdout).toBe((await datadb.run("ls", "--help")).stdout);
  });

  test.each([
    [["lss"], "datadb has no verb lss; did you mean ls?"],
    [["ls", "--jsno"], "datadb ls has no option --jsno; did you mean --json?"],
    [[], "there is no verb"],
    [["restore", "x"], "datadb restore needs DESTINATION"],
    [["--store"], "there is no verb before --store"],
    [["ls", "--store", "a", "--server", "redis://b"], "--store and --server name two stores"],
    [["completion", "tcsh"], "there is no completion for tcsh"],
  ])("wrong usage %j: exit code 2, one message, what to do", async (words, message) => {
    const { code, stdout, stderr } = await datadb.run(...words);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.startsWith(`datadb: ${message}\n  `)).toBe(true);
    expect(stderr.split("\n")).toHaveLength(3);
  });

  test("with --json an error is also a record, the last line", async () => {
    const { code, records, stderr } = await datadb.run("ls", "--json", "--sotre", "x");
    expect(code).toBe(2);
    expect(records.at(-1)).toEqual({
      type: "error",
      code: "USAGE",
      message: "datadb ls has no option --sotre; did you mean --store?",
      next: expect.stringContaining("datadb ls --help"),
      exit: 2,
    });
    expect(stderr).toContain("datadb ls has no option --sotre");
  });

  test("a store that is not there: exit code 1, and how to make one", async () => {
    const { code, stderr } = await datadb.run("ls", "--store", join(directory, "nowhere"));
    expect(code).toBe(1);
    expect(stderr).toContain(join(directory, "nowhere"));
    expect(stderr).toContain("datadb init");
  });

  test("a path that is no store is left alone", async () => {
    mkdirSync(join(directory, "other"));
    writeFileSync(join(directory, "other/precious"), "x");
    for (const verb of [["ls"], ["init"], ["snapshot", "/etc/hostname"]]) {
      const { code, stderr } = await datadb.run(...verb, "--store", join(directory, "other"));
      expect(code).toBe(1);
      expect(stderr).toContain(join(directory, "other"));
    }
  });

  test("a server that nobody runs: exit code 1, and its address without the password", async () => {
    const { code, stderr } = await datadb.run("ls", "--server", "redis://me:secret@127.0.0.1:1");
    expect(code).toBe(1);
    expect(stderr).toContain("redis://127.0.0.1:1");
    expect(stderr).toContain("DATADB_SERVER");
    expect(stderr).not.toContain("secret");
  });
});
