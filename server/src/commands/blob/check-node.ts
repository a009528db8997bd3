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
 * elsewhere: empty, `.`, `..`, with `/` or NUL. Only a meta that stands alone, a backup's root, may be called `/` or nothing.
 */
export function checkNode(content: Buffer, hash: HashAlgorithm): void {
  try {
    references(content, hashLength(hash));
    const type = nodeType(content);
    if (type === "meta") checkRootName(decodeMeta(content).name);
    if (type === "directory-leaf") for (const meta of decodeDirectoryLeaf(content)) checkName(metaName(meta));
  } catch (error) {
    if (error instanceof ReplyError) throw error;
    throw malformed(error instanceof Error ? error.message : String(error));
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
