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
    expect((await datadb.run("help")).stdout).toBe((await datadb.run("--help")).stdout);
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
    [["ls", "--server", "backup.example"], "--server is backup.example, which is no URL"],
    [
      ["init", "--config", "nowhere.yaml"],
      "--config nowhere.yaml: ENOENT: no such file or directory, open 'nowhere.yaml'",
    ],
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

  test("what a verb about whole backups is told of a part, and what an empty list means", async () => {
    const store = join(directory, "whole");
    expect(await datadb.run("snapshot", "", "--store", store)).toMatchObject({ code: 2 });
    expect(await datadb.run("snapshot", "/etc/hostname", "--store", store)).toMatchObject({ code: 0 });
    for (const words of [
      ["tag", "hostname:x", "--add", "y"],
      ["show", "hostname:x"],
    ]) {
      const { code, stderr } = await datadb.run(...words, "--store", store);
      expect([code, stderr]).toEqual([2, expect.stringContaining("leave :PATH away")]);
    }
    const { stderr } = await datadb.run("ls", "--tag", "none", "--store", store);
    expect(stderr).toContain("no backup has that tag");
    await datadb.run("snapshot", "--name", "other", "/etc/passwd", "--store", store);
    const differing = await datadb.run("diff", "hostname", "other", "--store", store);
    expect(differing).toMatchObject({ code: 0, stdout: expect.stringMatching(/^M \. {2}\(content/) });
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
