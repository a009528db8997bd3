/** Backups as a file system. */
export { type MountOptions, mount } from "./mount.ts";
