/** Which nodes listed backups need. */
import type { Backend } from "@datadb/backends";
import { type HashAlgorithm, hashLength, isDamage, references } from "@datadb/protocol";
import type { View } from "../database.ts";
import { cacheOf, listBackups } from "../stats/list-backups.ts";
import { decodeChain } from "./read-contents.ts";

/** The children of a node that are nodes; none of one that is damaged. Who cannot be reached now would otherwise have no children either. */
async function childNodes(backend: Backend, hash: HashAlgorithm, name: Buffer): Promise<Buffer[]> {
  try {
    const [record] = await backend.getMany("node", [name]);
    if (!record) return [];
    const children = references(await decodeChain(backend, hash, record), hashLength(hash));
    return children.flatMap((child) => (child.kind === "node" ? [Buffer.from(child.name)] : []));
  } catch (error) {
    if (isDamage(error)) return [];
    throw error;
  }
}

/** Those of `names` that are in the tree of a listed backup. Reads the nodes of all backups, each once; throws what keeps it from that. */
export async function nodesInBackups(
  names: readonly Buffer[],
  { view, backend, hash }: { view: View; backend: Backend; hash: HashAlgorithm },
): Promise<Buffer[]> {
  const seen = new Set<string>();
  for await (const backup of listBackups(view, hash)) {
    const cache = cacheOf(backup, hash);
    const todo = [backup.ref, cache?.kind === "node" ? cache.name : null].filter((name) => name !== null);
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      const id = name.toString("latin1");
      if (seen.has(id)) continue;
      seen.add(id);
      todo.push(...(await childNodes(backend, hash, name)));
    }
  }
  return names.filter((name) => seen.has(name.toString("latin1")));
}
