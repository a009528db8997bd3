/** The entry at a path inside a backup, by way of the directories above it only. */
import {
  decodeMeta,
  type FetchNodes,
  findInDirectory,
  type HashAlgorithm,
  type Meta,
  NotFoundError,
} from "@datadb/protocol";

/** Slashes at the ends, doubled ones and `.` say nothing. Bytes: names need not be UTF-8. */
function splitPath(path: string | Buffer): Buffer[] {
  const bytes = typeof path === "string" ? Buffer.from(path) : path;
  const parts: Buffer[] = [];
  for (let from = 0; from <= bytes.length; ) {
    const slash = bytes.indexOf(0x2f, from);
    const end = slash < 0 ? bytes.length : slash;
    const part = bytes.subarray(from, end);
    if (part.length > 0 && !(part.length === 1 && part[0] === 0x2e)) parts.push(part);
    from = end + 1;
  }
  return parts;
}

/**
 * @param ref hex id of the backup's root meta.
 * @throws NotFoundError naming the first part of the path that does not exist or is no directory.
 */
export async function findEntry(
  fetch: FetchNodes,
  hash: HashAlgorithm,
  ref: string,
  path: string | Buffer = "",
): Promise<Meta> {
  const [root] = await fetch([Buffer.from(ref, "hex")]);
  let meta = decodeMeta(root!);
  const parts = splitPath(path);
  for (const [depth, part] of parts.entries()) {
    const below =
      meta.type === "directory" ? await findInDirectory(fetch, hash, meta.directory ?? null, part) : null;
    if (below === null) {
      const where = parts.slice(0, depth + 1).join("/");
      throw new NotFoundError(`there is no '${where}' in this backup`, {
        next: "list what there is with datadb ls SELECTOR: (the colon at its end is the root)",
      });
    }
    meta = below;
  }
  return meta;
}
