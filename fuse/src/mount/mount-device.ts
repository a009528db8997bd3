/** Mounts: an open device whose other end is the directory. */
import { closeSync, openSync } from "node:fs";
import { MountFailedError } from "@datadb/protocol";
import { receiveDescriptor } from "./receive-descriptor.ts";
import { runTool } from "./run-tool.ts";

/** How a mount of ours is called in the mount table. */
export const FILE_SYSTEM = "fuse.datadb";

/**
 * Root mounts by itself, with nothing installed; anybody else through fusermount3. `directory` is absolute. Root's mounts can
 * be seen by everybody, under the modes that were backed up; others' by themselves only.
 */
export async function mountDevice(directory: string): Promise<number> {
  return process.geteuid?.() === 0 ? await mountAsRoot(directory) : await mountAsUser(directory);
}

async function mountAsRoot(directory: string): Promise<number> {
  const fd = openDevice();
  const common = `fd=3,rootmode=40000,user_id=${process.getuid?.() ?? 0},group_id=${process.getgid?.() ?? 0}`;
  const options = `${common},default_permissions,allow_other,ro,nosuid,nodev`;
  // -i: without the program mount.fuse, which is not always installed.
  const words = ["-i", "-t", FILE_SYSTEM, "-o", options, "datadb", directory];
  const { code, said } = await runTool("mount", words, { descriptor: fd });
  if (code === 0) return fd;
  closeSync(fd);
  throw new MountFailedError(`${directory} could not be mounted: ${said || `exit code ${code}`}`, {
    next: "a container needs the device /dev/fuse and the capability CAP_SYS_ADMIN",
  });
}

function openDevice(): number {
  try {
    return openSync("/dev/fuse", "r+");
  } catch (error) {
    throw new MountFailedError(`/dev/fuse cannot be opened: ${(error as Error).message}`, {
      next: "load the kernel's module (modprobe fuse); a container needs the device /dev/fuse",
      cause: error,
    });
  }
}

async function mountAsUser(directory: string): Promise<number> {
  const options = "ro,nosuid,nodev,default_permissions,fsname=datadb,subtype=datadb";
  return await receiveDescriptor(["-o", options, "--", directory]);
}
