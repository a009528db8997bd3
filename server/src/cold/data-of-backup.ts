/** Everything that a backup needs to be restored that is no node. */
import { type HashAlgorithm, hashLength, references } from "@datadb/protocol";
import type { BlobStore } from "../database.ts";

/** Nodes that are read together. */
const BATCH = 256;

/** Names of the data below the node `root`, each once. Throws DAMAGED. */
export async function dataOfBackup(blobs: BlobStore, hash: HashAlgorithm, root: Buffer): Promise<Buffer[]> {
  const n = hashLength(hash);
  const data = new Map<string, Buffer>();
  const seen = new Set<string>([root.toString("latin1")]);
  for (let open = [root]; open.length > 0; ) {
    const some = open.splice(-BATCH);
    const contents = await Promise.all(some.map((name) => blobs.getContent("node", name)));
    for (const content of contents) {
      for (const { kind, name } of content === null ? [] : references(content, n)) {
        const key = name.toString("latin1");
        if (kind === "data") data.set(key, Buffer.from(name));
        else if (!seen.has(key)) {
          seen.add(key);
          open.push(Buffer.from(name));
        }
      }
    }
  }
  return [...data.values()];
}
