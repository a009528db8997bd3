/** Takes a mount away, also one that is in use or whose process is dead. */
import { mountsOn } from "./mount-table.ts";
import { runTool, type ToolResult } from "./run-tool.ts";

/** The words that take the mount away; lazy: at once, while those who are inside keep what they have. */
export function unmountCommand(directory: string, lazy: boolean): [program: string, words: string[]] {
  if (process.geteuid?.() === 0) return ["umount", ["-i", ...(lazy ? ["-l"] : []), directory]];
  return ["fusermount3", [lazy ? "-uzq" : "-uq", "--", directory]];
}

/** Never rejects. */
export async function unmount(directory: string, lazy: boolean): Promise<ToolResult> {
  const [program, words] = unmountCommand(directory, lazy);
  return await runTool(program, words);
}

export function isMounted(directory: string): boolean {
  return mountsOn(directory).length > 0;
}
