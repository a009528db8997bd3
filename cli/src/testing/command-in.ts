/** For tests: the real command as a process, through the real launcher, in a world of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface Finished {
  /** Null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The lines of standard output, parsed: for runs with --json. */
  records: Record<string, unknown>[];
}

export interface Running {
  child: ChildProcess;
  /** What was printed so far. */
  printed(): { stdout: string; stderr: string };
  finished: Promise<Finished>;
}

export interface CommandWorld {
  environment: NodeJS.ProcessEnv;
  start(...words: string[]): Running;
  /** Standard input stays open: write to `child.stdin`, and end it. */
  startOpen(...words: string[]): Running;
  run(...words: string[]): Promise<Finished>;
  /** Runs with these bytes as standard input. */
  pipe(input: string | Buffer, ...words: string[]): Promise<Finished>;
}

/** The test command has just built, and a build starts four times as fast; otherwise sources, which cannot be stale. */
const BUILT = process.env["DATADB_TEST_BUILT"] === "1";

/** Homes, caches, sockets and the default store lie in `directory`. Colours and the user's own settings are off. */
export function commandIn(directory: string): CommandWorld {
  const main = resolve(import.meta.dirname, BUILT ? "../../bundle/main.js" : "../main.ts");
  mkdirSync(join(directory, "cli/bin"), { recursive: true });
  mkdirSync(join(directory, "cli/dist"));
  mkdirSync(join(directory, "run"), { mode: 0o700 });
  cpSync(resolve(import.meta.dirname, "../../bin/datadb"), join(directory, "cli/bin/datadb"));
  writeFileSync(join(directory, "cli/dist/main.js"), `import ${JSON.stringify(main)};\n`);
  writeFileSync(join(directory, "cli/dist/package.json"), '{"type":"module"}\n');
  const environment: NodeJS.ProcessEnv = {
    PATH: `${resolve(process.execPath, "..")}:/usr/bin:/bin`,
    HOME: join(directory, "home"),
    XDG_RUNTIME_DIR: join(directory, "run"),
    NODE_OPTIONS: BUILT ? "" : "--conditions=source",
    NODE_NO_WARNINGS: "1",
    TZ: "UTC",
    LANG: "C.UTF-8",
  };
  const begin = (input: string | Buffer | undefined, words: string[]): Running =>
    follow(
      spawn(join(directory, "cli/bin/datadb"), words, { env: environment, cwd: directory, stdio: "pipe" }),
      input,
    );
  return {
    environment,
    start: (...words) => begin("", words),
    startOpen: (...words) => begin(undefined, words),
    run: (...words) => begin("", words).finished,
    pipe: (input, ...words) => begin(input, words).finished,
  };
}

function follow(child: ChildProcess, input: string | Buffer | undefined): Running {
  let stdout = "";
  let stderr = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin!.on("error", () => undefined);
  if (input !== undefined) child.stdin!.end(input);
  const finished = new Promise<Finished>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) =>
      done({ code, signal, stdout, stderr, records: parseLines(stdout) }),
    );
  });
  return { child, printed: () => ({ stdout, stderr }), finished };
}

function parseLines(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
