import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { knownStores } from "./known-stores.ts";
import { realPath } from "./real-path.ts";
import { storePath } from "./store-path.ts";
import { xdgDirectory } from "./xdg-directory.ts";

let directory: string;
beforeEach(() => {
  directory = realPath(mkdtempSync(join(tmpdir(), "datadb-known-")));
});
afterEach(() => rmSync(directory, { recursive: true }));

const guard = () => knownStores({ XDG_STATE_HOME: join(directory, "state") });

test("a new path is remembered, the same store passes", () => {
  const known = guard();
  known.checkPresent(join(directory, "store"));
  known.check(join(directory, "store"), "aa");
  guard().check(join(directory, "store"), "aa");
  expect(statSync(known.file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(known.file, "utf8"))).toEqual({ [join(directory, "store")]: "aa" });
});

test("a known path that is gone, empty or freshly formatted asks for the disk", () => {
  const store = join(directory, "store");
  guard().check(store, "aa");
  const refusal = expect.objectContaining({
    code: "STORE_MISSING_KNOWN",
    message: expect.stringContaining(store),
  });
  expect(() => guard().checkPresent(store)).toThrow(refusal);
  mkdirSync(store);
  expect(() => guard().checkPresent(store)).toThrow(refusal);
  mkdirSync(join(store, "lost+found"));
  expect(() => guard().checkPresent(store)).toThrow(refusal);
  writeFileSync(join(store, "config.yaml"), "");
  guard().checkPresent(store);
});

test("another store at a known path is refused, and the note stays", () => {
  guard().check(directory, "aa");
  for (let time = 0; time < 2; time++) {
    expect(() => guard().check(directory, "bb")).toThrow(expect.objectContaining({ code: "WRONG_STORE" }));
  }
  guard().forget(directory);
  guard().check(directory, "bb");
});

test("a damaged or unwritable state directory guards nothing and stops nothing", () => {
  writeFileSync(join(directory, "state"), "a file");
  guard().check(directory, "aa");
  rmSync(join(directory, "state"));
  guard().check(directory, "aa");
  writeFileSync(guard().file, "{ torn");
  guard().check(directory, "bb");
  expect(() => guard().check(directory, "aa")).toThrow(expect.objectContaining({ code: "WRONG_STORE" }));
});

test("one store has one path, through links and also while its disk is away", () => {
  mkdirSync(join(directory, "disk"));
  symlinkSync("disk/store", join(directory, "link"));
  symlinkSync("link", join(directory, "link2"));
  expect(realPath(join(directory, "link2"))).toBe(join(directory, "disk/store"));
  mkdirSync(join(directory, "disk/store"));
  expect(realPath(join(directory, "link2/."))).toBe(join(directory, "disk/store"));
  symlinkSync("loop", join(directory, "loop"));
  expect(realPath(join(directory, "loop"))).toContain("loop");
});

test("where the store is: the option, the variable, the user's data directory", () => {
  const environment = { DATADB_STORE: join(directory, "a"), XDG_DATA_HOME: directory, HOME: "/h" };
  expect(storePath(join(directory, "b"), environment)).toBe(join(directory, "b"));
  expect(storePath(undefined, environment)).toBe(join(directory, "a"));
  expect(storePath(undefined, { ...environment, DATADB_STORE: "" })).toBe(join(directory, "datadb"));
  expect(xdgDirectory("XDG_DATA_HOME", ".local/share", { XDG_DATA_HOME: "relative", HOME: "/h" })).toBe(
    "/h/.local/share",
  );
});
