/** Writes replies to the device, each in one call, as the kernel wants them. */
import { writeSync, writevSync } from "node:fs";

/** False when the kernel does not wait for it any more: the request was interrupted, or the file system unmounted. */
export function sendReply(fd: number, reply: Buffer | readonly Buffer[]): boolean {
  try {
    if (Buffer.isBuffer(reply)) writeSync(fd, reply);
    else writevSync(fd, reply);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENODEV" || code === "ECONNABORTED") return false;
    throw error;
  }
}
