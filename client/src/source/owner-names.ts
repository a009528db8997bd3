/** Names of users and groups, from the files that every system has; what a directory service knows is left out. */
import { readFileSync } from "node:fs";
import type { OwnerNames } from "./entry-meta.ts";

/** Reads /etc/passwd and /etc/group once; a system without them has no names. */
export function ownerNames(): OwnerNames {
  return { users: idNames("/etc/passwd"), groups: idNames("/etc/group") };
}

function idNames(file: string): Map<number, string> {
  const names = new Map<number, string>();
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return names;
  }
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    // The first of several names of one id is the one that the system shows.
    if (name && id && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
