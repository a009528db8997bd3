/** Paths as latin1 text: a character is a byte, so that names need not be UTF-8 and sort as bytes. */

/** The bytes of a latin1 path. */
export function pathBytes(path: string): Buffer {
  return Buffer.from(path, "latin1");
}

/** The latin1 path of text that a person wrote (UTF-8 on disk). */
export function latin1Path(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** A latin1 path for people. Bytes that are not UTF-8 show as U+FFFD. */
export function readablePath(path: string): string {
  return pathBytes(path).toString();
}

/** Path of an entry below a directory; "" is the root. */
export function joinPath(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}
