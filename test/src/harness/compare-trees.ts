/** Compares two trees with programs that know nothing of datadb. */
import { createHash } from "node:crypto";
import { findProgram } from "./find-program.ts";
import { mustRun } from "./run-program.ts";

/** openssl uses what the processor has for it, and needs a quarter of the time of sha256sum. */
const SUMS = findProgram("openssl") === null ? "sha256sum -z" : "openssl dgst -sha256 -r";

/**
 * What differs between two directories, as lines to show; empty when nothing does. rsync looks at content, modes,
 * owners, hard links, ACLs, extended attributes and devices; find at names, times to the nanosecond and sizes.
 */
export async function differences(left: string, right: string): Promise<string[]> {
  const rsync = await mustRun("rsync", [
    "-naHAX",
    "--checksum",
    "--delete",
    "--itemize-changes",
    "--devices",
    "--specials",
    `${left}/`,
    `${right}/`,
  ]);
  const lines = rsync
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "");
  const before = await listing(left);
  const after = await listing(right);
  for (const line of before) if (!after.has(line)) lines.push(`only left: ${line}`);
  for (const line of after) if (!before.has(line)) lines.push(`only right: ${line}`);
  return lines.slice(0, 40);
}

/** One line for each entry: path, time, mode, owner, group, size, type, target. */
async function listing(directory: string): Promise<Set<string>> {
  const found = await mustRun("find", [".", "-printf", "%p %T@ %m %u %g %s %y %l\\0"], { cwd: directory });
  return new Set(found.toString("latin1").split("\0"));
}

/** One hash of a tree's names, types, modes, owners, times, sizes and contents: equal trees have equal hashes. */
export async function treeHash(directory: string): Promise<string> {
  const hash = createHash("sha256");
  for (const line of [...(await listing(directory))].sort()) hash.update(line).update("\0");
  const sums = await mustRun(
    "sh",
    ["-c", `find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r ${SUMS}`],
    {
      cwd: directory,
    },
  );
  return hash.update(sums).digest("hex");
}
