/** The open files of a mount, by handle. */
import type { Meta } from "@datadb/protocol";
import { type FileSurroundings, type OpenFile, openFile } from "../content/open-file.ts";

/** Handles from here on are given here, the others by the receiver. */
const FIRST_OWN_HANDLE = 2 ** 40;

export interface OpenFiles {
  open(handle: number, meta: Meta): void;
  /** Opens under a handle of its own: the content of a meta, or these bytes. */
  openOwn(content: Meta | Buffer): number;
  get(handle: number): OpenFile | undefined;
  /** What messages call the file. */
  pathOf(handle: number): string;
  close(handle: number): void;
}

export function createOpenFiles(surroundings: FileSurroundings): OpenFiles {
  const files = new Map<number, OpenFile>();
  const names = new Map<number, Buffer>();
  let nextOwn = FIRST_OWN_HANDLE;
  return {
    open(handle, meta) {
      const file = openFile(surroundings, meta);
      files.set(handle, file);
      names.set(handle, meta.name);
      // While the kernel is still on its way.
      file.begin();
    },
    openOwn(content) {
      const handle = nextOwn++;
      files.set(handle, Buffer.isBuffer(content) ? textFile(content) : openFile(surroundings, content));
      return handle;
    },
    get: (handle) => files.get(handle),
    pathOf: (handle) => names.get(handle)?.toString() ?? "a file",
    close(handle) {
      files.delete(handle);
      names.delete(handle);
    },
  };
}

function textFile(text: Buffer): OpenFile {
  return {
    begin: () => undefined,
    read: async (offset, size, use) => use([text.subarray(offset, offset + size)]),
    seek: async (offset, hole) => (offset >= text.length ? null : hole ? text.length : offset),
  };
}
