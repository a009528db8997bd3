/** Decodes every member of a chain of records. */
import { DatadbError } from "./datadb-error.ts";
import { decodeBlob } from "./encoding.ts";
import type { HashAlgorithm } from "./hash.ts";
import type { BlobRecord } from "./kinds.ts";

/** A member of a chain with its content. */
export interface Link {
  readonly record: BlobRecord;
  readonly content: Buffer;
}

/** Every member with its verified content, the one that needs no base first; undefined when one is damaged. */
export function decodeLinks(hash: HashAlgorithm, chain: readonly BlobRecord[]): Link[] | undefined {
  try {
    const links: Link[] = [];
    for (const record of chain) {
      links.push({ record, content: decodeBlob(hash, record, links.at(-1)?.content) });
    }
    return links;
  } catch (error) {
    if (error instanceof DatadbError) return undefined;
    throw error;
  }
}
