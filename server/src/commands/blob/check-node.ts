/** Refuses nodes that no honest client writes: what a restore would have to defend itself against never gets in. */
import {
  decodeDirectoryLeaf,
  decodeMeta,
  type HashAlgorithm,
  hashLength,
  isSafeEntryName,
  metaName,
  nodeType,
  ReplyError,
  references,
} from "@datadb/protocol";

/**
 * Checks a node as bytes. Throws MALFORMED for what does not decode as its type, and for metas with names that lead
 * elsewhere: empty, `.`, `..`, with `/` or NUL, or that are not in order. Only a meta that stands alone, a backup's root, may be called `/` or nothing.
 */
export function checkNode(content: Buffer, hash: HashAlgorithm): void {
  try {
    references(content, hashLength(hash));
    const type = nodeType(content);
    if (type === "meta") checkRootName(decodeMeta(content).name);
    if (type === "directory-leaf") checkLeaf(decodeDirectoryLeaf(content));
  } catch (error) {
    if (error instanceof ReplyError) throw error;
    throw malformed(error instanceof Error ? error.message : String(error));
  }
}

/** Two entries of one name could be a symlink and what is then written through it. */
function checkLeaf(metas: readonly Buffer[]): void {
  let last: Buffer | undefined;
  for (const meta of metas) {
    const name = metaName(meta);
    checkName(name);
    if (last !== undefined && Buffer.compare(last, name) >= 0) {
      throw malformed(`the entry ${JSON.stringify(name.toString("latin1"))} is not in the order of names`);
    }
    last = name;
  }
}

function checkRootName(name: Buffer): void {
  if (name.length === 0 || (name.length === 1 && name[0] === 0x2f)) return;
  checkName(name);
}

function checkName(name: Buffer): void {
  if (isSafeEntryName(name)) return;
  throw malformed(
    `an entry is called ${JSON.stringify(name.toString("latin1"))}, which could lead outside a restore's destination`,
  );
}

function malformed(why: string): ReplyError {
  return new ReplyError(`MALFORMED the node was not accepted: ${why}; send it as the formats describe it`);
}
