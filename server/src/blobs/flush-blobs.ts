/** Makes accepted blobs durable, data before nodes; a failed sync must not leave nodes whose children are lost. */

import type { Backend } from "@datadb/backends";
import type { BlobState } from "./blob-state.ts";
import { findIncompleteNodes } from "./incomplete-nodes.ts";
import { sumOfCounter } from "./sum-of-counter.ts";

/** Forgets the incomplete ones of `names`, so that the next backup puts them again. */
async function dropIncompleteNodes(state: BlobState, names: readonly Buffer[]): Promise<void> {
  const found = await findIncompleteNodes(state.backend, state.hash, names);
  if (found.length > 0) await state.backend.removeMany("node", found);
}

/** Records that leaf backends accepted and then lost, since they were opened. */
export function recordsLost(backend: Backend): number {
  return sumOfCounter(backend, "records-lost");
}

/** A flush that a backend made by itself may have lost something: nodes that lack it must not become durable. */
async function dropLosses(state: BlobState): Promise<void> {
  const lost = recordsLost(state.backend);
  if (lost === state.lost) return;
  state.lost = lost;
  await dropIncompleteNodes(state, state.unflushed);
}

/** See BlobStore.flush. */
export async function flushBlobs(state: BlobState): Promise<void> {
  await dropLosses(state);
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
    await dropIncompleteNodes(state, covered.concat(state.unflushed));
  }
  if (failure === undefined) return;
  state.unflushed = covered.concat(state.unflushed);
  throw failure;
}
