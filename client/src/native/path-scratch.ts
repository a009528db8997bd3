/** NUL-terminated copies of paths for C calls, in buffers that are used again and again. */

/** A function that copies a path, ends it with NUL, and returns a buffer that is valid until its next call. */
export function pathScratch(): (path: string | Buffer) => Buffer {
  let scratch = Buffer.alloc(4200);
  return (path) => {
    const most = typeof path === "string" ? path.length * 3 : path.length;
    if (most >= scratch.length) scratch = Buffer.alloc(most + 1);
    const length = typeof path === "string" ? scratch.write(path) : path.copy(scratch);
    // C would silently use the part before a NUL: another file than the one named.
    if (scratch.subarray(0, length).indexOf(0) >= 0) throw new TypeError("a path cannot contain NUL");
    scratch[length] = 0;
    return scratch;
  };
}
