/** What is mounted where, as the kernel says: never asks a mounted file system itself, which may not answer. */
import { readFileSync } from "node:fs";

export interface MountedThere {
  /** Such as `fuse.datadb`. */
  type: string;
  /** MAJOR:MINOR of the file system. */
  device: string;
}

/** The mounts on this directory (an absolute path without symlinks), the topmost last. */
export function mountsOn(
  directory: string,
  table: string = readFileSync("/proc/self/mountinfo", "utf8"),
): MountedThere[] {
  return table.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , device = "", , point = ""] = before.split(" ");
    if (unescapePoint(point) !== directory) return [];
    return [{ type: after.split(" ")[0] ?? "", device }];
  });
}

/** Spaces, tabs, newlines and backslashes are written in octal. */
function unescapePoint(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
