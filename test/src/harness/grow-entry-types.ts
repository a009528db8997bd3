/** One of every type of entry and attribute that a file system keeps. */
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { findProgram } from "./find-program.ts";
import { makeSocket } from "./make-socket.ts";
import { join, type TreePath } from "./path-bytes.ts";
import type { Random } from "./random.ts";
import { mustRun } from "./run-program.ts";

const MIB = 1024 * 1024;

/** Fills the directory and returns the directories made below it. */
export async function growEntryTypes(directory: TreePath, random: Random): Promise<TreePath[]> {
  const at = (name: string): string => join(directory, name).toString();
  const empty = join(directory, "empty directory");
  const linked = join(directory, "links");
  for (const made of [empty, linked]) mkdirSync(made);
  growFiles(at, random);
  growLinks(at);
  await makeSocket(at("socket"));
  await mustRun("mkfifo", ["-m", "0620", at("fifo")]);
  if (process.getuid?.() === 0) {
    await mustRun("mknod", [at("block device"), "b", "7", "300"]);
    await mustRun("mknod", ["-m", "0640", at("character device"), "c", "1", "3"]);
    lchownSync(at("dangling"), 1234, 5678);
  }
  await growAttributes(at, directory);
  await growTimes(at);
  return [empty, linked];
}

function growFiles(at: (name: string) => string, random: Random): void {
  writeFileSync(at("empty"), "");
  writeFileSync(at("one byte"), "x");
  writeFileSync(at("three megabytes"), random.bytes(3 * MIB));
  writeFileSync(at("setuid"), "#!/bin/sh\n");
  chmodSync(at("setuid"), 0o6755);
  writeFileSync(at("sticky"), "");
  chmodSync(at("sticky"), 0o1600);
  // Holes at the start, in the middle and at the end.
  const sparse = openSync(at("sparse"), "w");
  writeSync(sparse, random.bytes(100_000), 0, 100_000, 5 * MIB + 123);
  writeSync(sparse, random.bytes(4096), 0, 4096, 20 * MIB);
  ftruncateSync(sparse, 40 * MIB + 1);
  closeSync(sparse);
  const hole = openSync(at("only a hole"), "w");
  ftruncateSync(hole, 10 * MIB);
  closeSync(hole);
}

function growLinks(at: (name: string) => string): void {
  writeFileSync(at("hard 1"), "one content, three names\n");
  linkSync(at("hard 1"), at("hard 2"));
  linkSync(at("hard 1"), at("links/hard 3"));
  symlinkSync("hard 1", at("symlink"));
  symlinkSync("nowhere/at all", at("dangling"));
  symlinkSync("/etc/passwd", at("absolute"));
  symlinkSync("../../../../../../..", at("links/far above"));
  symlinkSync(".", at("links/myself"));
  symlinkSync("x".repeat(4000), at("long target"));
}

async function growAttributes(at: (name: string) => string, directory: TreePath): Promise<void> {
  if (findProgram("setfattr") !== null) {
    writeFileSync(at("attributes"), "has attributes\n");
    await mustRun("setfattr", ["-n", "user.note", "-v", "a note", at("attributes")]);
    await mustRun("setfattr", ["-n", "user.bytes", "-v", "0x00ff0a00", at("attributes")]);
    await mustRun("setfattr", ["-n", "user.empty", at("attributes")]);
    await mustRun("setfattr", ["-n", "user.directory", "-v", "too", directory.toString()]);
    if (process.getuid?.() === 0) {
      await mustRun("setfattr", ["-h", "-n", "trusted.link", "-v", "on a symlink", at("symlink")]);
      await mustRun("setfattr", ["-n", "trusted.fifo", "-v", "on a fifo", at("fifo")]);
    }
  }
  if (findProgram("setfacl") !== null) {
    writeFileSync(at("access list"), "has an access list\n");
    await mustRun("setfacl", ["-m", "u:1234:rw,g:55:r,m::rwx", at("access list")]);
    await mustRun("setfacl", ["-d", "-m", "u:1234:rwx", at("empty directory")]);
  }
}

async function growTimes(at: (name: string) => string): Promise<void> {
  const times: Record<string, string> = {
    "before 1970": "1965-03-02 03:04:05.123456789 UTC",
    "just before 1970": "1969-12-31 23:59:59.999999999 UTC",
    "at 1970": "1970-01-01 00:00:00 UTC",
    "one nanosecond": "2001-02-03 04:05:06.000000001 UTC",
    "after 2038": "2040-01-01 00:00:00.987654321 UTC",
  };
  for (const [name, time] of Object.entries(times)) {
    writeFileSync(at(name), name);
    await mustRun("touch", ["-d", time, at(name)]);
  }
  for (const name of ["symlink", "fifo", "socket"]) {
    await mustRun("touch", ["-h", "-d", "1999-12-31 23:59:59.123456789 UTC", at(name)]);
  }
}
