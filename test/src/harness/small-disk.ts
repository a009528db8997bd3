/** A disk that is soon full: a tmpfs of a few megabytes. Needs root. */
import { mkdirSync, statfsSync } from "node:fs";
import { afterAll } from "vitest";
// First, so that its cleaning comes last: hooks run in reverse.
import "./scratch.ts";
import { mustRun, runProgram } from "./run-program.ts";

const mounted = new Set<string>();
afterAll(async () => {
  for (const directory of mounted) await runProgram("umount", ["--lazy", directory]);
});

export interface SmallDisk {
  directory: string;
  unmount(): Promise<void>;
}

/** Mounts a tmpfs of so many bytes at the directory, which is made. */
export function mountSmallDisk(directory: string, bytes: number): Promise<SmallDisk> {
  return mount(directory, ["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "datadb-test"]);
}

/** Shows what is mounted at `from` at a second place, which is made: unmounting it there loses nothing. */
export function mountAgain(from: string, directory: string): Promise<SmallDisk> {
  return mount(directory, ["--bind", from]);
}

/** Makes such a disk as large as leaves so many bytes free, in pages of 4 KiB. */
export async function leaveFree(directory: string, bytes: number): Promise<void> {
  const { blocks, bfree, bsize } = statfsSync(directory);
  const size = Math.max(1, blocks - bfree + Math.ceil(bytes / bsize)) * bsize;
  await mustRun("mount", ["-o", `remount,size=${size}`, directory]);
}

async function mount(directory: string, words: readonly string[]): Promise<SmallDisk> {
  mkdirSync(directory, { recursive: true });
  await mustRun("mount", [...words, directory]);
  mounted.add(directory);
  return {
    directory,
    unmount: async () => {
      await mustRun("umount", [directory]);
      mounted.delete(directory);
    },
  };
}
