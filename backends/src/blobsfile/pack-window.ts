/** A window that slides over a file: large reads underneath, small views above. */
import type { FileHandle } from "../file-system.ts";

/** Bytes of one read: large enough for the disk, small enough for many scans at once. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Views of a file up to `end`; a view stays valid when the window moves on. */
export interface PackWindow {
  readonly end: number;
  /** `length` bytes from `offset` on, fewer at the end; null when they are not in the window now. */
  view(offset: number, length: number): Buffer | null;
  /** Moves the window if need be; otherwise as `view`. */
  load(offset: number, length: number): Promise<Buffer>;
}

/** A window over the first `end` bytes of a file that is not shorter. */
export function createPackWindow(file: FileHandle, end: number): PackWindow {
  let start = 0;
  let bytes: Buffer = Buffer.alloc(0);
  const view = (offset: number, length: number): Buffer | null => {
    const wanted = Math.min(length, end - offset);
    if (offset < start || offset + wanted > start + bytes.length) return null;
    return bytes.subarray(offset - start, offset - start + wanted);
  };
  return {
    end,
    view,
    async load(offset, length) {
      const there = view(offset, length);
      if (there !== null) return there;
      const target = Buffer.allocUnsafeSlow(Math.min(Math.max(length, CHUNK_BYTES), end - offset));
      const read = await file.read(target, offset);
      [start, bytes] = [offset, target.subarray(0, read)];
      return bytes.subarray(0, Math.min(length, read));
    },
  };
}
