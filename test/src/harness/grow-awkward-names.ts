/** Names that break programs: control characters, bytes that are no text, options, the longest allowed. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, type TreePath } from "./path-bytes.ts";
import type { Random } from "./random.ts";

/** Every name is legal on Linux. */
const AWKWARD_NAMES: readonly Buffer[] = [
  "new\nline",
  "\n",
  "tab\there",
  "carriage\rreturn",
  " leading space",
  "trailing space ",
  "-rf",
  "--help",
  "~",
  "*",
  "?[a-z]",
  "quote'single",
  'quote"double',
  "back\\slash",
  "$HOME",
  "`date`",
  "%2F%00",
  "name@2026-01-01:path",
  "..hidden",
  "...",
  "con",
  "é",
  "e\u0301",
  "\u202Eright-to-left",
  "😀",
  "\u001b[31mred",
]
  .map((name) => Buffer.from(name))
  .concat([
    Buffer.from([0xff, 0xfe]),
    Buffer.from([0x61, 0x80, 0x62]),
    Buffer.from([0xc3]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0x01]),
    Buffer.alloc(255, "n"),
    Buffer.alloc(254, Buffer.from("é")),
    Buffer.alloc(255, 0xfe),
  ]);

/** Makes the directory with a file, a directory and a symlink for each name; returns the directories made below it. */
export function growAwkwardNames(directory: TreePath, random: Random): TreePath[] {
  const files = join(directory, "files");
  const links = join(directory, "links");
  for (const made of [directory, files, links]) mkdirSync(made);
  const directories = [files, links];
  for (const name of AWKWARD_NAMES) {
    writeFileSync(join(files, name), random.bytes(random.integer(300)));
    symlinkSync(name, join(links, name));
    const below = join(directory, name);
    mkdirSync(below);
    writeFileSync(join(below, name), name);
    directories.push(below);
  }
  return directories;
}
