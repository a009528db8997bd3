/** Nodes that lack something: a crash or a failed sync took what they refer to. */
import type { Backend } from "@datadb/backends";
import { type HashAlgorithm, hashLength, references } from "@datadb/protocol";
import { chainDepths } from "./chain-depths.ts";
import { decodeChain } from "./read-contents.ts";

/** Whether all that the node needs and refers to is there; what is in `gone` (Latin-1 text of names of nodes) is not. */
async function isComplete(
  backend: Backend,
  hash: HashAlgorithm,
  name: Buffer,
  gone: ReadonlySet<string>,
): Promise<boolean> {
  const [record] = await backend.getMany("node", [name]);
  if (!record) return true;
  // A delta whose base is lost can never be read.
  if ([...(await chainDepths(backend, "node", [name])).values()].includes(null)) return false;
  const children = references(await decodeChain(backend, hash, record), hashLength(hash));
  for (const kind of ["data", "node"] as const) {
    const names = children.filter((child) => child.kind === kind).map((child) => child.name);
    if (kind === "node" && names.some((child) => gone.has(child.toString("latin1")))) return false;
    if ([...(await chainDepths(backend, kind, names)).values()].includes(null)) return false;
  }
  return true;
}

/**
 * Those of `names` (nodes, children before parents) that need or refer to something that is not there. A damaged node is not
 * among them: check tells of it. `gone` gets them, and has those of earlier calls.
 */
export async function findIncompleteNodes(
  backend: Backend,
  hash: HashAlgorithm,
  names: readonly Buffer[],
  gone: Set<string> = new Set(),
): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for (const name of names) {
    if (await isComplete(backend, hash, name, gone).catch(() => true)) continue;
    found.push(name);
    gone.add(name.toString("latin1"));
  }
  return found;
}
