/** Lets the process into a directory that an earlier restore has already given a forbidding mode. */
import fs from "node:fs";

/** Not in node:fs. A descriptor that only names a file: it needs no permission on it. */
const O_PATH = 0o10000000;

/**
 * Makes a directory readable and writable for its owner until the restore sets its mode again at its end. By way of
 * a descriptor, so that nothing else can take the directory's place in between. Root needs none of this.
 *
 * @param flags O_NOFOLLOW, or 0 for a path that may be a symlink.
 */
export function makeWritable(path: string | Buffer, flags: number): void {
  if (process.geteuid?.() === 0) return;
  const fd = fs.openSync(path, O_PATH | fs.constants.O_DIRECTORY | flags);
  try {
    const { mode } = fs.fstatSync(fd);
    if ((mode & 0o700) !== 0o700) fs.chmodSync(`/proc/self/fd/${fd}`, (mode & 0o7777) | 0o700);
  } finally {
    fs.closeSync(fd);
  }
}
