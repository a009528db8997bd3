/** Whether a directory can be mounted on: looked at without asking a file system that may be dead. */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MountFailedError, UsageError } from "@datadb/protocol";
import { FILE_SYSTEM } from "./mount-device.ts";
import { mountsOn } from "./mount-table.ts";
import { runTool } from "./run-tool.ts";
import { unmount } from "./unmount.ts";

/**
 * The directory without symlinks. A dead mount of ours that is still on it is taken away first. Throws USAGE when it is no directory,
 * MOUNT_FAILED when something is mounted there already.
 */
export async function checkDirectory(given: string, note: (text: string) => void): Promise<string> {
  if (process.platform !== "linux")
    throw new UsageError(`datadb mount needs Linux, and this is ${process.platform}`, {
      next: "use datadb ls, cat and restore to look into backups",
    });
  const directory = withoutLinks(resolve(given));
  for (let left = mountsOn(directory); left.length > 0; left = mountsOn(directory)) {
    const top = left.at(-1)!;
    if (top.type !== FILE_SYSTEM || !(await isDead(directory)))
      throw new MountFailedError(`something is mounted on ${directory} already (${top.type})`, {
        next: `choose another directory, or unmount it: umount ${directory}`,
        fields: { directory, type: top.type },
      });
    note(`${directory} is the mount of a process that is dead: it is taken away`);
    const { said } = await unmount(directory, true);
    if (mountsOn(directory).length >= left.length)
      throw new MountFailedError(`the dead mount on ${directory} cannot be taken away: ${said}`, {
        next: `umount -l ${directory}`,
      });
  }
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return directory;
  throw new UsageError(`${given} is no directory`, { next: `make it first: mkdir -p ${given}` });
}

/** The parent's real path: the directory itself may be a dead mount. */
function withoutLinks(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    try {
      return join(realpathSync(dirname(directory)), basename(directory));
    } catch {
      return directory;
    }
  }
}

/** The kernel says "not connected" without asking anybody. Another process looks, which can be ended when a living mount is stuck. */
async function isDead(directory: string): Promise<boolean> {
  const { said } = await runTool("stat", ["--", join(directory, ".datadb-is-alive")]);
  return /not connected|connection abort/i.test(said);
}
