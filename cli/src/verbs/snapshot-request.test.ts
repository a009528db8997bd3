import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseArguments } from "../arguments/parse-arguments.ts";
import { createOutput } from "../output/output.ts";
import { snapshotVerb } from "./snapshot.ts";
import { readMeta, snapshotRequest } from "./snapshot-request.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-request-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const sink = { write: () => true };

function request(words: string[], environment: NodeJS.ProcessEnv = {}) {
  const output = createOutput({ stdout: sink, stderr: sink, json: false, quiet: false, environment });
  const { signal } = new AbortController();
  const args = parseArguments(snapshotVerb, words);
  return snapshotRequest({
    arguments: args,
    output,
    environment,
    signal,
    onHangup: () => undefined,
    loadVerbs: async () => [],
  });
}

test("paths, and everything that can be said about them", () => {
  const words = [
    "--name",
    "n",
    "--tag",
    "a",
    "--tag",
    "b",
    "--exclude",
    "*.log",
    "--exclude-caches",
    "--jobs",
    "2",
    "x",
    "y",
  ];
  const { source, options } = request(words);
  expect(source).toEqual(["x", "y"]);
  expect(options).toMatchObject({
    name: "n",
    tags: ["a", "b"],
    exclude: ["*.log"],
    excludeCaches: true,
    jobs: 2,
  });
  expect(options).toMatchObject({
    gitignore: false,
    dryRun: false,
    allowEmpty: false,
    readAll: false,
    oneFileSystem: false,
  });
});

test("the host: --host, else DATADB_HOST, else left to the client", () => {
  expect(request(["x", "--host", "h"], { DATADB_HOST: "other" }).options.host).toBe("h");
  expect(request(["x"], { DATADB_HOST: "other" }).options.host).toBe("other");
  expect(request(["x"], { DATADB_HOST: "" }).options).not.toHaveProperty("host");
});

test("a command, and standard input", () => {
  expect(request(["--name", "n", "--", "pg_dump", "--name", "app"]).source).toEqual({
    command: ["pg_dump", "--name", "app"],
  });
  expect(request(["-", "--name", "n"]).source).toEqual({ stdin: process.stdin });
});

test.each([
  [["-"], "standard input needs a name"],
  [["-", "x", "--name", "n"], "- is standard input, and there are other sources"],
  [["--", "ls"], "the output of a command needs a name"],
  [["x", "--meta", "=1"], "--meta is =1"],
  [["x", "--meta", "k"], "--meta is k"],
  [["x", "--jobs", "0"], "--jobs is 0"],
])("%j is refused before any store is touched", (words, message) => {
  expect(() => request(words)).toThrow(expect.objectContaining({ code: "USAGE", message }));
});

test("metadata: a JSON object, and pairs over it", () => {
  const file = join(directory, "meta.json");
  writeFileSync(file, '{"ticket": 4711, "who": {"name": "x"}}');
  expect(readMeta(["ticket=1=2", "empty="], file)).toEqual({ ticket: "1=2", who: { name: "x" }, empty: "" });
  for (const text of ["[1]", "null", "{"]) {
    writeFileSync(file, text);
    expect(() => readMeta([], file)).toThrow(expect.objectContaining({ code: "USAGE" }));
  }
  expect(() => readMeta([], join(directory, "absent"))).toThrow(expect.objectContaining({ code: "USAGE" }));
});
