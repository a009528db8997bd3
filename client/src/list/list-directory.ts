/** Lists what is in a directory of a backup. */
import { type Meta, readDirectory } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { findEntry } from "../tree/find-entry.ts";
import { nodeCache } from "../tree/node-cache.ts";

/**
 * The entries of the directory at `path` in name order, streaming; for anything but a directory, that entry alone.
 *
 * @throws NotFoundError when there is no such path.
 * @example
 * for await (const { name, size } of listDirectory(connection, backup, "etc")) console.log(name.toString(), size);
 */
export async function* listDirectory(
  connection: Connection,
  backup: { ref: string },
  path: string | Buffer = "",
): AsyncGenerator<Meta> {
  const { hash } = await connection.facts();
  const nodes = nodeCache(connection, hash);
  const meta = await findEntry(nodes.fetch, hash, backup.ref, path);
  if (meta.type === "directory") yield* readDirectory(nodes.fetch, hash, meta.directory ?? null);
  else yield meta;
}
