/** Makes accepted blobs durable, data before nodes; a failed sync must not leave nodes whose children are lost. */

import type { Backend } from "@datadb/backends";
import type { HashAlgorithm } from "@datadb/protocol";
import { hashLength, references } from "@datadb/protocol";
import type { BlobState } from "./blob-state.ts";
import { decodeChain } from "./read-contents.ts";

/** Whether everything that the node refers to is there; false when the node itself cannot be read. */
async function isComplete(backend: Backend, hash: HashAlgorithm, name: Buffer): Promise<boolean> {
  const [record] = await backend.getMany("node", [name]);
  if (!record) return true;
  const children = references(await decodeChain(backend, hash, record), hashLength(hash));
  for (const kind of ["data", "node"] as const) {
    const names = children.filter((child) => child.kind === kind).map((child) => child.name);
    if (names.length > 0 && (await backend.hasMany(kind, names)).includes(0)) return false;
  }
  return true;
}

/**
 * Forgets those of `names` (nodes, children before parents) that refer to something that is not there, so that the next backup puts
 * them again. Resolves with how many. A damaged node stays: check tells of it.
 */
export async function dropIncompleteNodes(
  backend: Backend,
  hash: HashAlgorithm,
  names: readonly Buffer[],
): Promise<number> {
  let dropped = 0;
  for (const name of names) {
    const complete = await isComplete(backend, hash, name).catch(() => true);
    if (complete) continue;
    await backend.removeMany("node", [name]);
    dropped += 1;
  }
  return dropped;
}

/** Records that leaf backends accepted and then lost, since they were opened. */
function recordsLost(backend: Backend): number {
  const own = backend.counters()["records-lost"] ?? 0;
  return backend.inner.reduce((sum, inner) => sum + recordsLost(inner), own);
}

/** See BlobStore.flush. */
export async function flushBlobs(state: BlobState): Promise<void> {
  const covered = state.unflushed;
  state.unflushed = [];
  let failure: unknown;
  try {
    // One call: data is synced first, and no node that came after it is taken along.
    await state.backend.flush(["data", "node"]);
  } catch (error) {
    failure = error;
  }
  // The flush that failed may have been one that the backend made by itself.
  const lost = recordsLost(state.backend);
  if (failure !== undefined || lost !== state.lost) {
    state.lost = lost;
    await dropIncompleteNodes(state.backend, state.hash, covered.concat(state.unflushed));
  }
  if (failure === undefined) return;
  state.unflushed = covered.concat(state.unflushed);
  throw failure;
}
