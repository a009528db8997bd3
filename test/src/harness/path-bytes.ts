/** Paths as bytes: names of files need not be UTF-8. */

/** An absolute path. */
export type TreePath = Buffer;

/** The path of an entry of the directory. */
export function join(directory: TreePath, name: string | Buffer): TreePath {
  return Buffer.concat([directory, Buffer.from("/"), Buffer.from(name)]);
}

/** Paths as `xargs -0` reads them: the only way to hand names that are no UTF-8 to a program. */
export function nulSeparated(paths: readonly TreePath[]): Buffer {
  return Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
}
