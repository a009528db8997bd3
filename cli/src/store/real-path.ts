/**
 * The path without symbolic links, also when its end does not exist: a store on an unmounted disk must be
 * recognised by the same path as on the mounted one.
 */
import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** As many links as the kernel follows before it says ELOOP. */
const MAX_LINKS = 40;

export function realPath(path: string, links = 0): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const target = linkTarget(absolute);
    if (target !== undefined && links < MAX_LINKS)
      return realPath(resolve(dirname(absolute), target), links + 1);
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realPath(parent, links), basename(absolute));
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
