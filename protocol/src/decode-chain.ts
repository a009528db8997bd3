/** Decodes a blob from its own record and those of its bases. */
import { decodeBlob, decodePayload } from "./encoding.ts";
import { DecodeError } from "./errors.ts";
import type { HashAlgorithm } from "./hash.ts";
import type { BlobRecord } from "./kinds.ts";
import { createScratch } from "./scratch.ts";

/** Contents that are only bases: each is where the one before was. */
const room = createScratch();

/**
 * The verified content of the last record of `chain`; before it come its base, the base of that one, and so on. Only that content is
 * hashed, since hashing costs more than decoding a delta; when it is wrong, the first record that is to blame is named.
 * `into` has room for exactly the content and may be used for it. Throws DECODE, HASH_MISMATCH.
 */
export function decodeChain(algorithm: HashAlgorithm, chain: readonly BlobRecord[], into?: Buffer): Buffer {
  const last = chain.at(-1);
  if (last === undefined) throw new DecodeError("a blob has no record");
  try {
    let base: Buffer | undefined;
    for (const record of chain.slice(0, -1)) base = decodePayload(record, base, room(record.length));
    return decodeBlob(algorithm, last, base, into);
  } catch (error) {
    let base: Buffer | undefined;
    for (const record of chain) base = decodeBlob(algorithm, record, base);
    throw error;
  }
}
