/** Paths as bytes: names of files need not be UTF-8. */

/** An absolute path. */
export type TreePath = Buffer;

/** The path of an entry of the directory. */
export function join(directory: TreePath, name: string | Buffer): TreePath {
  return Buffer.concat([directory, Buffer.from("/"), Buffer.from(name)]);
}
