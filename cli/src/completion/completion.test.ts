import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadVerbs } from "../verb-table.ts";
import { bashCompletion } from "./bash-completion.ts";
import { fishCompletion } from "./fish-completion.ts";
import { zshCompletion } from "./zsh-completion.ts";

const verbs = await loadVerbs();
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-completion-"));
  writeFileSync(join(directory, "datadb.bash"), bashCompletion(verbs));
  writeFileSync(join(directory, "datadb.zsh"), zshCompletion(verbs));
  writeFileSync(join(directory, "datadb.fish"), fishCompletion(verbs));
  // Stands in for the command: the completion asks it for the names of backups.
  writeFileSync(
    join(directory, "datadb"),
    '#!/bin/sh\n[ "$1 $2" = "ls --names" ] && echo "documents photos $4"\n',
    {
      mode: 0o755,
    },
  );
  writeFileSync(join(directory, "a file"), "");
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What bash offers for the last word. */
function complete(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const script = `source ./datadb.bash; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _datadb; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const environment = { ...process.env, PATH: `${directory}:${process.env["PATH"]}` };
  const run = spawnSync("bash", ["--norc", "-c", script], {
    cwd: directory,
    env: environment,
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  return run.stdout.split("\n").filter((line) => line !== "");
}

describe("bash", () => {
  test("the script is valid", () => {
    execFileSync("bash", ["-n", join(directory, "datadb.bash")]);
  });

  test("completes verbs, also behind general options", () => {
    expect(complete("datadb", "re")).toEqual(["restore", "rebuild"]);
    expect(complete("datadb", "--store", "ls", "sn")).toEqual(["snapshot"]);
    expect(complete("datadb", "")).toEqual(verbs.map((verb) => verb.name));
  });

  test("completes a verb's options", () => {
    expect(complete("datadb", "snapshot", "--ex")).toEqual([
      "--exclude",
      "--exclude-from",
      "--exclude-caches",
      "--exclude-table",
    ]);
    expect(complete("datadb", "ls", "--nam")).toEqual([]);
    expect(complete("datadb", "rm", "--y")).toEqual(["--yes"]);
  });

  test("completes values: words, files, names of backups from the named store", () => {
    expect(complete("datadb", "init", "--hash", "")).toEqual(["sha256", "sha1"]);
    expect(complete("datadb", "completion", "f")).toEqual(["fish"]);
    expect(complete("datadb", "snapshot", "a")).toEqual(["a file"]);
    expect(complete("datadb", "snapshot", "--meta", "")).toEqual([]);
    expect(complete("datadb", "show", "d")).toEqual(["documents"]);
    expect(complete("datadb", "--store", "/srv/elsewhere", "show", "/srv")).toEqual(["/srv/elsewhere"]);
  });
});

/** Shells that are not everywhere: their absence is named in the list of skipped tests. */
const has = (program: string): boolean => spawnSync(program, ["-c", "true"]).status === 0;

describe.skipIf(!has("zsh"))("zsh", () => {
  test("the script is valid", () => {
    execFileSync("zsh", ["-n", join(directory, "datadb.zsh")]);
  });
});

describe.skipIf(!has("fish"))("fish", () => {
  test("the script is valid and completes verbs", () => {
    const script = "source datadb.fish; complete -C 'datadb reb'";
    const offered = execFileSync("fish", ["--no-config", "-c", script], { cwd: directory, encoding: "utf8" });
    expect(offered).toContain("rebuild\t");
  });
});

test("every option and verb is in every script", () => {
  for (const script of [bashCompletion(verbs), zshCompletion(verbs), fishCompletion(verbs)]) {
    for (const verb of verbs) {
      expect(script).toContain(verb.name);
      for (const option of verb.options) if (!option.hidden) expect(script).toContain(option.name);
    }
  }
});
